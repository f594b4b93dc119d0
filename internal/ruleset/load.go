package ruleset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// ReadDir reads every NAME.yaml of a folder; its set is called NAME. Other files
// are not looked at, but NAME.yml is refused. The error names the file and the
// line of each complaint.
func ReadDir(dir fs.FS) (map[string]*Set, error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, err
	}
	sets := map[string]*Set{}
	var problems []error
	for _, e := range entries {
		name, isRules := strings.CutSuffix(e.Name(), ".yaml")
		if !isRules && !strings.HasSuffix(e.Name(), ".yml") || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		set, err := readFile(dir, e.Name(), name)
		sets[name] = set
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return sets, nil
}

// Digest is the same of the same files under the same names; empty of none.
func Digest(sets map[string]*Set) string {
	if len(sets) == 0 {
		return ""
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(sets)) {
		fmt.Fprintf(sum, "%d %s %x\n", len(name), name, sets[name].sum)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// readFile reads one file of a folder; a name that no address can have is refused like
// a rule that is wrong.
func readFile(dir fs.FS, file, name string) (*Set, error) {
	if !validSet(name) || strings.HasSuffix(file, ".yml") {
		return nil, &Error{File: file, Problem: "rules stand in NAME.yaml, with a name of a-z, 0-9, dots, dashes and underscores, at most 63"}
	}
	data, err := fs.ReadFile(dir, file)
	if err != nil {
		return nil, err
	}
	return Parse(file, data)
}

// validSet says whether a set can be called so: [a-z0-9][a-z0-9._-]{0,62}.
func validSet(s string) bool {
	return s != "" && len(s) <= 63 && strings.Trim(s[:1], "._-") != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") == ""
}
