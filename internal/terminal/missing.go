package terminal

// None is printed where there is nothing.
const None = "–"

// Optional is a text that may be missing; a dash stands for it, so that columns stay
// apart.
func Optional(s *string) string {
	if s == nil || *s == "" {
		return None
	}
	return *s
}

// OrNone is [Optional] for a text that is empty when it is missing.
func OrNone(s string) string { return Optional(&s) }
