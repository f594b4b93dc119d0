package phrase

// Found says how many tokens a list shows: n on this page, of total where that is known. More
// says that there are others, narrowed that not all tokens were looked for.
func Found(n, total int, more, narrowed bool) string {
	what := "token"
	switch {
	case total > 0 && more:
		return "More than " + Plural(total, what) + " found"
	case total > 0 && narrowed:
		return Plural(total, what) + " found"
	case total > 0:
		return Plural(total, what)
	case more:
		return Plural(n, what) + " on this page, and there are more"
	case narrowed:
		return Plural(n, what) + " found"
	}
	return Plural(n, what)
}
