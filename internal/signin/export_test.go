package signin

import "strings"

// TakeTurns takes all turns, until the function that it returns gives them back.
func TakeTurns(p *Passwords) func() {
	for range atOnce {
		p.turns <- struct{}{}
	}
	return func() {
		for range atOnce {
			<-p.turns
		}
	}
}

// Cheap makes new hashes, and those of nobody, cost little.
func Cheap(p *Passwords) *Passwords {
	p.decoy.memory, p.decoy.passes = 8, 1
	return p
}

// Checked is how many hashes were computed to check passwords.
func Checked(p *Passwords) int64 { return p.checked.Load() }

// Decoy is the hash that a password of nobody is checked against.
func Decoy(p *Passwords) string { return p.decoy.String() }

// Cost is what a stored hash was made with: algorithm, version, memory, passes, lanes.
func Cost(stored string) string { return strings.Join(strings.Split(stored, "$")[:4], "$") }
