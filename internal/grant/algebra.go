package grant

// Intersect returns what both grants allow: for each pair of their statements the common scopes on the common resources, and of a pair without
// common resources the common scopes that need none.
func Intersect(a, b Grant) Grant {
	return Grant{free: a.free & b.free, rows: combine(a.rows, b.rows, (*scopeSet).intersect)}
}

// Union returns what either grant allows.
func Union(a, b Grant) Grant {
	return Grant{free: a.free | b.free, rows: combine(a.rows, b.rows, (*scopeSet).union)}
}

// Covers reports whether everything h grants, g grants too, on the resources h grants it. It is exact up to what the package comment calls not
// canonical, and there errs towards no. Every grant covers the empty one.
//
// A ceiling on scopes alone, such as the contents of a role, has to be asked with the resources on which they are to be used, or with "*":
// compiled without resources, product scopes are nothing, and nothing is always covered.
func (g Grant) Covers(h Grant) bool { return Intersect(g, h).Equal(h) }

// sweep walks two lists of rows at once in the order of their places and writes the rows of the result.
type sweep struct {
	op   func(x, y *scopeSet) *scopeSet
	done map[[2]*scopeSet]*scopeSet // op is applied once to a pair: rows share few sets
	open []frame                    // the places around the current one, outermost first
	rows []row
}

// frame is one place of either list with the sets that hold there, and the row of the result that covers it.
type frame struct {
	place place
	x, y  *scopeSet
	row   int
}

// combine returns the rows of the function that applies op to the sets of both lists at every resource. The result has at most as many rows as
// both lists together, which is what keeps pairwise intersection linear.
func combine(a, b []row, op func(x, y *scopeSet) *scopeSet) []row {
	s := sweep{op: op, done: make(map[[2]*scopeSet]*scopeSet)}
	for len(a) > 0 || len(b) > 0 {
		f := s.around(firstPlace(a, b))
		if len(a) > 0 && a[0].place == f.place {
			f.x, a = a[0].set, a[1:]
		}
		if len(b) > 0 && b[0].place == f.place {
			f.y, b = b[0].set, b[1:]
		}
		s.visit(f)
	}
	return s.rows
}

// firstPlace returns the smaller first place; one of the lists is not empty.
func firstPlace(a, b []row) place {
	if len(b) == 0 || len(a) > 0 && a[0].place.compare(b[0].place) < 0 {
		return a[0].place
	}
	return b[0].place
}

// around closes the places that do not contain p and returns a frame for p that inherits from the innermost one that does.
func (s *sweep) around(p place) frame {
	for len(s.open) > 0 && !s.open[len(s.open)-1].place.contains(p) {
		s.open = s.open[:len(s.open)-1]
	}
	if len(s.open) == 0 {
		return frame{place: p, row: none}
	}
	f := s.open[len(s.open)-1]
	f.place = p
	return f
}

// visit writes a row for the frame unless the row around it says the same.
func (s *sweep) visit(f frame) {
	set := s.apply(f.x, f.y)
	var outer *scopeSet
	if f.row != none {
		outer = s.rows[f.row].set
	}
	if !set.equal(outer) {
		s.rows = append(s.rows, row{place: f.place, set: set, parent: f.row})
		f.row = len(s.rows) - 1
	}
	s.open = append(s.open, f)
}

func (s *sweep) apply(x, y *scopeSet) *scopeSet {
	key := [2]*scopeSet{x, y}
	set, known := s.done[key]
	if !known {
		set = s.op(x, y)
		s.done[key] = set
	}
	return set
}
