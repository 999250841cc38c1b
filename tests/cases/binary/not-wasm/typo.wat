(component
  (imprt "a:b/c" (func)))
