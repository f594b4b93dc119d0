package migrate

import "fmt"

// SchemaError says that the database and this program are of different versions.
type SchemaError struct {
	// Have is the version of the database's schema, 0 when there is none; Want
	// is this program's.
	Have, Want int64
}

// Error says which program to run.
func (e *SchemaError) Error() string {
	switch {
	case e.Have > e.Want:
		return fmt.Sprintf("the database has schema version %d and this program knows %d; a newer tokenry has migrated it, run that one", e.Have, e.Want)
	case e.Have == 0:
		return "this database was not set up by tokenry yet; start the server on it once"
	}
	return fmt.Sprintf("the database has schema version %d and this program needs %d; start the server on it once to migrate it", e.Have, e.Want)
}

// BuildsError says that a node would not know the schema any more.
type BuildsError struct {
	// Holder names the node's process, Lowest the version that it would have to know.
	Holder string
	Lowest int64
}

// Error says what to do first.
func (e *BuildsError) Error() string {
	return fmt.Sprintf("%s is of a version that does not know schema %d, which this one would bring; stop it or replace it by a version between the two, and start this one again", e.Holder, e.Lowest)
}
