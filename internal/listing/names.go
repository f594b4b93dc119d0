package listing

// Names is one page of a list of what has a name.
type Names struct {
	// Next is the address of the next page; empty when there is none.
	Next string
	// Text is what was looked for.
	Text string
	N    int
	// Long says that the list is worth looking through with a search.
	Long bool
}

// short is a list that one sees whole.
const short = 8

// NamesOf is a page of n names, found by a text; later says that it is not the first.
func NamesOf(n int, text, next string, later bool) Names {
	return Names{Next: next, Text: text, N: n, Long: text != "" || next != "" || later || n > short}
}
