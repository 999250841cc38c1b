(component (type $t (enum "HTTP" "http")) (import "scheme" (type (eq $t))))
