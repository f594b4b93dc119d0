package grant

// Verdict is what a grant says of what a request needs.
type Verdict uint8

// The verdicts, the first that holds.
const (
	// Granted: all of it.
	Granted Verdict = iota
	// NotHeld: a scope is held nowhere.
	NotHeld
	// NotThere: a scope is held, but not on the resource, or nothing is there.
	NotThere
)

// AnyResource as a resource accepts any, and leaves the filtering to whoever asks.
const AnyResource = "any"

// Judge decides what a request needs. No resource means the entire portfolio,
// AnyResource any; where a resource is called like that word (namesAny), it is that one.
// Without scopes the grant must reach the resource; with neither there is nothing to
// ask. It does not allocate.
func (g Grant) Judge(scopes []string, resource string, namesAny bool) Verdict {
	anywhere := resource == AnyResource && !namesAny
	v := Granted
	for _, s := range scopes {
		switch {
		case !anywhere && g.Allows(s, resource):
		case !g.AllowsAny(s):
			return NotHeld
		case !anywhere:
			v = NotThere
		}
	}
	if len(scopes) == 0 && resource != "" && !anywhere && !g.ReachesResource(resource) {
		v = NotThere
	}
	return v
}
