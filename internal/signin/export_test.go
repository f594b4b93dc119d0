package signin

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

// Checked is how many hashes were computed to check passwords.
func Checked(p *Passwords) int64 { return p.checked.Load() }
