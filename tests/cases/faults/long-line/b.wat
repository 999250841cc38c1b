(component (core modul))
