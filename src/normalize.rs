//! One spelling for each value, shared by the side that plants and the side that looks.
