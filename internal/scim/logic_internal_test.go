package scim

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// asked is a filter that was made up, and what it is true of.
type asked struct {
	text string
	of   test
}

// leaves are comparisons, each with what it means.
func leaves() []asked {
	at := func(d document, name string) string {
		s, _ := d[name].(string)
		return s
	}
	primary := func(f func(document) bool) test {
		return func(d document) bool {
			list, _ := d["emails"].([]document)
			return slices.ContainsFunc(list, f)
		}
	}
	return []asked{
		{`userName eq "ada@b.example"`, func(d document) bool { return at(d, "userName") == "ada@b.example" }},
		{`USERNAME sw "B"`, func(d document) bool { return strings.HasPrefix(at(d, "userName"), "b") }},
		{`displayName pr`, func(d document) bool { return at(d, "displayName") != "" }},
		{`displayName co "stone"`, func(d document) bool { return strings.Contains(strings.ToLower(at(d, "displayName")), "stone") }},
		{`active eq true`, func(d document) bool { return d["active"] == true }},
		{`active ne true`, func(d document) bool { return d["active"] != true }},
		{`id eq "usr_1"`, func(d document) bool { return at(d, "id") == "usr_1" }},
		{`emails[primary eq true and value ew ".example"]`, primary(func(e document) bool {
			return e["primary"] == true && strings.HasSuffix(at(e, "value"), ".example")
		})},
		{`emails.value co "eve"`, primary(func(e document) bool { return strings.Contains(at(e, "value"), "eve") })},
	}
}

// grown joins comparisons by and, or and not, with the brackets that the RFC asks for: not is
// before and, and before or. How strongly the outermost binds is 2 for one, 1 for and, 0 for or.
func grown(r *rand.Rand, depth int) (a asked, strength int) {
	all := leaves()
	if depth == 0 || r.IntN(4) == 0 {
		return all[r.IntN(len(all))], 2
	}
	side := func(least int) asked {
		part, strength := grown(r, depth-1)
		if strength < least || r.IntN(5) == 0 {
			part.text = "( " + part.text + ")"
		}
		return part
	}
	switch r.IntN(3) {
	case 0:
		part, _ := grown(r, depth-1)
		return asked{"not (" + part.text + ")", func(d document) bool { return !part.of(d) }}, 2
	case 1:
		left, right := side(1), side(1)
		return asked{left.text + " AND " + right.text, func(d document) bool { return left.of(d) && right.of(d) }}, 1
	}
	left, right := side(0), side(0)
	return asked{left.text + " or  " + right.text, func(d document) bool { return left.of(d) || right.of(d) }}, 0
}

// TestAFilterMeansWhatItsPartsMean: filters that were made up, always the same ones, find of
// all kinds of users those of whom they are true; and a key that one is looked up by is of
// everything that it finds.
func TestAFilterMeansWhatItsPartsMean(t *testing.T) {
	t.Parallel()
	var users []document
	for _, email := range []string{"ada@b.example", "bob@b.example", "eve@c.test"} {
		for _, name := range []string{"", "Bob Stone", "Ada"} {
			for i, active := range []bool{true, false} {
				users = append(users, document{
					"id": []string{"usr_1", "usr_2"}[i], "userName": email, "displayName": name, "active": active,
					"emails": []document{{"value": email, "type": "work", "primary": true}},
				})
				if name == "" { // a resource leaves out what has no value
					delete(users[len(users)-1], "displayName")
				}
			}
		}
	}
	r := rand.New(rand.NewPCG(7, 11))
	found, keyed := 0, 0
	for range 2000 {
		want, _ := grown(r, 4)
		f, err := readFilter(want.text, userAttributes())
		if len(want.text) > maxFilter {
			continue // refused: TestHostileRequests
		}
		if err != nil {
			t.Fatalf("%s: %v", want.text, err)
		}
		for _, u := range users {
			if f.match(u) != want.of(u) {
				t.Fatalf("%s is %t of %v", want.text, f.match(u), u)
			}
			if !want.of(u) {
				continue
			}
			found++
			for name, value := range f.keys {
				keyed++
				if have, _ := u[map[string]string{"username": "userName", "id": "id"}[name]].(string); have != value && name != "emails.value" {
					t.Fatalf("%s is looked up by %s %s, and finds %v", want.text, name, value, u)
				}
			}
		}
	}
	if found < 5000 || keyed < 100 {
		t.Errorf("%d users were found, %d by a key: what was made up is too narrow", found, keyed)
	}
}
