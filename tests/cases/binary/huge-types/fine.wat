(component (type (list u8 200000000)))
