package grant

import "slices"

// verbs is an immutable set of verbs: all of them, or a sorted list without duplicates. Its methods share lists rather than copy them. In the
// place of "verbs beyond some base", all means every verb, the base's included.
type verbs struct {
	all  bool
	list []string // nil when all
}

// newVerbs takes ownership of list, in which anyVerb stands for all.
func newVerbs(list []string) verbs {
	if slices.Contains(list, anyVerb) {
		return verbs{all: true}
	}
	slices.Sort(list)
	return verbs{list: slices.Compact(list)}
}

func (v verbs) empty() bool { return !v.all && len(v.list) == 0 }

func (v verbs) has(verb string) bool {
	if v.all {
		return true
	}
	_, found := slices.BinarySearch(v.list, verb)
	return found
}

func (v verbs) equal(w verbs) bool {
	if v.all != w.all || len(v.list) != len(w.list) {
		return false
	}
	return len(v.list) == 0 || &v.list[0] == &w.list[0] || slices.Equal(v.list, w.list)
}

func (v verbs) union(w verbs) verbs {
	switch {
	case v.all || w.empty():
		return v
	case w.all || v.empty():
		return w
	}
	return verbs{list: mergeSorted(v.list, w.list)}
}

func (v verbs) intersect(w verbs) verbs {
	switch {
	case v.all:
		return w
	case w.all:
		return v
	case len(v.list) > len(w.list):
		v, w = w, v
	}
	return v.filter(w.has)
}

// without returns the verbs of v that w lacks; all stays all unless w is all too.
func (v verbs) without(w verbs) verbs {
	switch {
	case w.all:
		return verbs{}
	case v.all || w.empty():
		return v
	}
	return v.filter(func(verb string) bool { return !w.has(verb) })
}

// filter keeps the listed verbs that keep says; v itself when that is all of them.
func (v verbs) filter(keep func(string) bool) verbs {
	var out []string
	for _, verb := range v.list {
		if keep(verb) {
			out = append(out, verb)
		}
	}
	if len(out) == len(v.list) {
		return v
	}
	return verbs{list: out}
}

// mergeSorted merges two sorted lists without duplicates into one.
func mergeSorted(a, b []string) []string {
	out := make([]string, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		case a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		default:
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}
