package docs_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// The numbers of the house. A room, a type or an interface that outgrows one has
// become two, and is taken apart before it grows on.
const (
	linesOfRoom        = 6000 // without tests, and without what is generated
	linesOfFile        = 600
	linesOfFunction    = 100
	methodsOfType      = 40 // exported ones
	methodsOfInterface = 15 // with those of what it embeds
)

// outgrown is what is larger than it may be, and how large it is: a list that gets
// shorter, and its numbers smaller. Whoever takes one apart takes it out of here.
func outgrown() map[string]int {
	return map[string]int{}
}

// TestNothingOutgrowsTheHouse: what has a number stays within it.
func TestNothingOutgrowsTheHouse(t *testing.T) {
	t.Parallel()
	found := map[string]int{}
	over := func(what, name string, n, most int) {
		if n > most {
			found[what+" "+name] = n
		}
	}
	h, on := wholeHouse(t), floorTable(t)
	lines, methods := map[string]int{}, map[string]int{}
	for _, s := range h.sources {
		if s.generated {
			continue
		}
		if !isSuite(s.dir) {
			lines[roomOf(s.dir, on)] += s.lines
		}
		over("file", s.path, s.lines, linesOfFile)
		for _, d := range s.syntax.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := s.dir + "." + f.Name.Name
			if r := receiver(f); r != "" {
				name = s.dir + "." + r + "." + f.Name.Name
				if ast.IsExported(r) && f.Name.IsExported() {
					methods[s.dir+"."+r]++
				}
			}
			over("function", name, s.span(f), linesOfFunction)
		}
	}
	for room, n := range lines {
		over("room", room, n, linesOfRoom)
	}
	for name, n := range methods {
		over("type", name, n, methodsOfType)
	}
	contracts := interfaces(h)
	for name := range contracts {
		over("interface", name, len(contracts.methods(name)), methodsOfInterface)
	}
	for _, v := range verdicts(found, outgrown()) {
		t.Error(v)
	}
}

// verdicts say what was found and is not allowed, and what is allowed for nothing.
func verdicts(found, allowed map[string]int) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if n, most := found[name], allowed[name]; n > most {
			out = append(out, fmt.Sprintf("%s: %d; it may be %d (docs/house_test.go)", name, n, max(most, limit(name))))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(allowed)) {
		if _, still := found[name]; !still {
			out = append(out, name+" is within its number now: take it out of the list of what is outgrown")
		}
	}
	return out
}

// TestTheListOfWhatIsOutgrownOnlyShrinks: what is on it may not grow on, what is
// not may not get there, and what need not be there may not stay.
func TestTheListOfWhatIsOutgrownOnlyShrinks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		found, allowed map[string]int
		verdicts       int
	}{
		{map[string]int{"room a": 7000}, map[string]int{"room a": 7000}, 0},
		{map[string]int{"room a": 6500}, map[string]int{"room a": 7000}, 0},
		{map[string]int{"room a": 7001}, map[string]int{"room a": 7000}, 1},
		{map[string]int{"room b": 6001}, map[string]int{"room a": 7000}, 2},
		{nil, map[string]int{"room a": 7000}, 1},
	} {
		if got := verdicts(c.found, c.allowed); len(got) != c.verdicts {
			t.Errorf("found %v, allowed %v: %q", c.found, c.allowed, got)
		}
	}
}

// TestAnInterfaceIsAsWideAsAllThatItEmbeds, what two of them share counted once.
func TestAnInterfaceIsAsWideAsAllThatItEmbeds(t *testing.T) {
	t.Parallel()
	b := book{
		"a.Wide":   {own: []string{"A", "B"}, embeds: []string{"a.Narrow", "b.Other", "io.Reader"}},
		"a.Narrow": {own: []string{"B", "C"}},
		"b.Other":  {embeds: []string{"a.Narrow"}, own: []string{"D"}},
	}
	if n := len(b.methods("a.Wide")); n != 5 {
		t.Errorf("it has %d methods", n)
	}
}

// limit is the number of a kind of thing.
func limit(name string) (n int) {
	var kind, rest string
	if _, err := fmt.Sscan(name, &kind, &rest); err != nil {
		return 0
	}
	return map[string]int{"room": linesOfRoom, "file": linesOfFile, "function": linesOfFunction, "type": methodsOfType, "interface": methodsOfInterface}[kind]
}

// span is how many lines a function has.
func (s source) span(f *ast.FuncDecl) int {
	return s.at.Position(f.End()).Line - s.at.Position(f.Pos()).Line + 1
}

// receiver is the type that a method belongs to.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) != 1 {
		return ""
	}
	return typeName(f.Recv.List[0].Type)
}

// typeName is the name of a type, however it is pointed at or filled in.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.IndexListExpr:
		return typeName(e.X)
	default:
		return ""
	}
}

// contract is an interface: its own methods, and the names of those that it embeds.
type contract struct {
	own    []string
	embeds []string
}

// book are the interfaces of the house by folder and name.
type book map[string]contract

func interfaces(h house) book {
	all := book{}
	for _, s := range h.sources {
		imports := s.imports()
		for _, d := range s.syntax.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, spec := range g.Specs {
				ts, ok := spec.(*ast.TypeSpec)
				if !ok {
					continue
				}
				if i, ok := ts.Type.(*ast.InterfaceType); ok {
					all[s.dir+"."+ts.Name.Name] = readContract(i, s.dir, imports)
				}
			}
		}
	}
	return all
}

func readContract(i *ast.InterfaceType, dir string, imports map[string]string) (c contract) {
	for _, f := range i.Methods.List {
		switch e := f.Type.(type) {
		case *ast.FuncType:
			for _, n := range f.Names {
				c.own = append(c.own, n.Name)
			}
		case *ast.SelectorExpr:
			if from, ok := e.X.(*ast.Ident); ok {
				c.embeds = append(c.embeds, imports[from.Name]+"."+e.Sel.Name)
			}
		default:
			c.embeds = append(c.embeds, dir+"."+typeName(e))
		}
	}
	return c
}

// methods are the names of all methods of an interface. One of another module counts as one.
func (b book) methods(name string) map[string]bool {
	out := map[string]bool{}
	c, ours := b[name]
	if !ours {
		out[name] = true
	}
	for _, m := range c.own {
		out[m] = true
	}
	for _, e := range c.embeds {
		maps.Copy(out, b.methods(e))
	}
	return out
}

// isSuite says whether a folder holds tests that are not called so.
func isSuite(dir string) bool {
	return strings.HasSuffix(path.Base(dir), "test") && path.Base(dir) != "clienttest"
}
