// No constant of an assembler is needed.
