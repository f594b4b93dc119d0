package grant

// closure is the graph of which product scope implies which. It is built for one Compiler and not safe for concurrent use.
type closure struct {
	scopes []scope // the nodes
	edges  [][]int // by node, the nodes it implies
	// done holds what a set of reached nodes adds, by the nodes as a string of '0' and '1': scopes in one cycle reach the same, and share it.
	done map[string]*scopeSet
}

// newClosure reads the catalogue's implications. Entries that are not product scopes are left out.
func newClosure(implies map[string][]string) *closure {
	c := &closure{done: make(map[string]*scopeSet)}
	nodes := make(map[string]int, len(implies))
	for from, implied := range implies {
		i, ok := c.node(nodes, from)
		if !ok {
			continue
		}
		for _, to := range implied {
			if j, ok := c.node(nodes, to); ok {
				c.edges[i] = append(c.edges[i], j)
			}
		}
	}
	return c
}

// node returns the number of a product scope, adding it on first sight; false for any other string.
func (c *closure) node(nodes map[string]int, name string) (int, bool) {
	if i, known := nodes[name]; known {
		return i, true
	}
	sc, ok := parseScope(name)
	if !ok || sc.bit != 0 {
		return 0, false
	}
	nodes[name] = len(c.scopes)
	c.scopes, c.edges = append(c.scopes, sc), append(c.edges, nil)
	return nodes[name], true
}

// of returns the set with everything its scopes imply, near or far.
func (c *closure) of(set *scopeSet) *scopeSet {
	if set == nil || set.products.base.all {
		return set
	}
	reached := c.reach(set)
	more, known := c.done[string(reached)]
	if !known {
		var d draft
		for i, sc := range c.scopes {
			if reached[i] == '1' {
				d.add(pattern{noun: sc.noun, verb: sc.verb})
			}
		}
		more = d.freeze()
		c.done[string(reached)] = more
	}
	return set.union(more)
}

// reach marks with '1' the nodes that the set holds or that follow from those.
func (c *closure) reach(set *scopeSet) []byte {
	reached := make([]byte, len(c.scopes))
	var todo []int
	for i, sc := range c.scopes {
		reached[i] = '0'
		if set.holds(sc) {
			reached[i] = '1'
			todo = append(todo, i)
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, j := range c.edges[i] {
			if reached[j] == '0' {
				reached[j] = '1'
				todo = append(todo, j)
			}
		}
	}
	return reached
}
