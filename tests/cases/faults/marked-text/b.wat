(component (fnuc))
