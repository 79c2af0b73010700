"""Reading a case bundle straight into sufficient statistics: no import, no database, no broker."""
