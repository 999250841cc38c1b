(component
  (component $c (core module $m) (core instance (instantiate $m)))
  (instance (instantiate $c))
  (instance (instantiate $c)))
