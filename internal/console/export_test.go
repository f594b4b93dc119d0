package console

// Row is a row of the table of pages, for tests of what it asks.
type Row struct {
	Pattern string
	// Who is "anybody", "somebody", "colleague", "holder" or "administrator".
	Who    string
	Scopes []string
	Portal bool
	// Proof is "", "in place" or "led to".
	Proof string
}

// Rows are all of it.
func Rows() []Row {
	var out []Row
	for _, r := range allRoutes() {
		out = append(out, Row{
			Pattern: r.pattern, Scopes: r.access.scopes, Portal: r.access.portal,
			Who:   map[visitor]string{anybody: "anybody", somebody: "somebody", colleague: "colleague", holder: "holder", administrator: "administrator"}[r.access.who],
			Proof: map[proof]string{inPlace: "in place", ledTo: "led to"}[r.access.proof],
		})
	}
	return out
}
