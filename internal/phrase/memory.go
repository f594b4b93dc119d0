package phrase

import "fmt"

// Cache is what a server remembers of tokens, to verify without its database.
type Cache struct {
	Tokens int
	// Bytes is what they and what they share take, Room what they may.
	Bytes, Room int64
	// Since the start of the server: verifications, those that had to wait for the database,
	// and tokens that made room for others.
	Verified, Misses, Evicted int64
}

// Facts says it in a list of names and values.
func (c Cache) Facts() [][2]string {
	hits := "No verification yet"
	if c.Verified > 0 {
		hits = fmt.Sprintf("%.2f %% of %d verifications since the start", 100*float64(max(c.Verified-c.Misses, 0))/float64(c.Verified), c.Verified)
	}
	return [][2]string{
		{"Tokens", Itoa(c.Tokens)},
		{"Takes", fmt.Sprintf("%d of %d MiB", c.Bytes>>20, c.Room>>20)},
		{"From memory", hits},
		{"Made room", fmt.Sprintf("%d since the start", c.Evicted)},
	}
}
