// The compiler knows the string functions.
