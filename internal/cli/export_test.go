package cli

// What is lent to the tests.
var (
	Clean     = clean
	CleanJSON = cleanJSON
	Relative  = relative
)
