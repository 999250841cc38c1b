(component
  (type $big (list u8 200000000))
  (import "f" (func (param "x" $big) (param "y" $big))))
