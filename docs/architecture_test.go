package docs_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// floors are those of the house, from the ground up.
func floors() []string { return []string{"words", "what is kept", "rules", "doors", "halls"} }

// page is one of the pages that tell of rooms.
func page(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile("../" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// named finds what a line names: `internal/x`, and what has that prefix left out in a list.
var named = regexp.MustCompile("`([a-z0-9/]+)`")

// roomTable are the rooms of the table "What is where".
func roomTable(t *testing.T) map[string]bool {
	t.Helper()
	_, table, found := strings.Cut(page(t, "docs/architecture.md"), "## What is where")
	if !found {
		t.Fatal("docs/architecture.md has no table of what is where")
	}
	rooms := map[string]bool{}
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, m := range named.FindAllStringSubmatch(cells[1], -1) {
				rooms[m[1]] = true
			}
		}
	}
	return rooms
}

// floorTable is CONTRIBUTING's: the floor of each room.
func floorTable(t *testing.T) map[string]string {
	t.Helper()
	on := map[string]string{}
	for line := range strings.Lines(page(t, "CONTRIBUTING.md")) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !slices.Contains(floors(), strings.TrimSpace(cells[1])) {
			continue
		}
		for _, m := range named.FindAllStringSubmatch(cells[2], -1) {
			on[full(m[1])] = strings.TrimSpace(cells[1])
		}
	}
	return on
}

// full is a room by the name of its folder; a list may leave "internal/" out.
func full(room string) string {
	switch {
	case strings.Contains(room, "/"), slices.Contains([]string{"token", "api", "client", "clients", "cmd", "docs", "terraform"}, room):
		return room
	default:
		return "internal/" + room
	}
}

// drawn is the floor of each room in the picture. A floor's name stands at the
// left edge, and what follows belongs to it until the next.
func drawn(t *testing.T) map[string]string {
	t.Helper()
	_, rest, _ := strings.Cut(page(t, "docs/architecture.md"), "```\n")
	picture, _, _ := strings.Cut(rest, "```")
	room := regexp.MustCompile(`internal/[a-z0-9]+|client/clienttest|clients|cmd/[a-z]+|\b(api|token|client|docs|terraform)/|\bclienttest\b`)
	on, floor := map[string]string{}, ""
	for line := range strings.Lines(picture) {
		for _, f := range floors() {
			if strings.HasPrefix(line, " "+f+" ") {
				floor = f
			}
		}
		for _, name := range room.FindAllString(line, -1) {
			switch name = strings.TrimSuffix(name, "/"); name {
			case "clienttest":
				name = "client/clienttest"
			case "cmd/tokenry":
				name = "cmd"
			}
			on[name] = floor
		}
	}
	return on
}

// roomOf is the room that a folder belongs to: itself, or the one it stands in.
func roomOf(dir string, rooms map[string]string) string {
	for {
		if _, ok := rooms[dir]; ok {
			return dir
		}
		i := strings.LastIndexByte(dir, '/')
		if i < 0 {
			return ""
		}
		dir = dir[:i]
	}
}

// TestEveryRoomIsOnThePage: the map, the table of floors and the folders name the
// same rooms, and the picture draws each on the floor where the table has it.
func TestEveryRoomIsOnThePage(t *testing.T) {
	t.Parallel()
	h, table, on, picture := wholeHouse(t), roomTable(t), floorTable(t), drawn(t)
	for dir := range h.folders {
		room := roomOf(dir, on)
		if room == "" || strings.HasPrefix(dir, "internal/") && room == "internal" {
			t.Errorf("%s: CONTRIBUTING.md has no floor for it", dir)
		}
		if on := slices.ContainsFunc([]string{room, dir}, func(r string) bool { return table[r] }); room != "cmd" && !on {
			t.Errorf("%s: it is missing in docs/architecture.md, What is where", dir)
		}
		if room != "" && picture[room] == "" {
			t.Errorf("%s: it is missing in the picture of docs/architecture.md", room)
		}
	}
	stands := func(room string) bool {
		for dir := range h.folders {
			if dir == room || strings.HasPrefix(dir, room+"/") {
				return true
			}
		}
		return false
	}
	for room := range table {
		if !stands(room) {
			t.Errorf("docs/architecture.md tells what is in %s, which does not exist", room)
		}
	}
	for room, floor := range on {
		if !stands(room) {
			t.Errorf("CONTRIBUTING.md has %s among the %s, and it does not exist", room, floor)
		}
	}
	for room, floor := range picture {
		if on[room] != floor {
			t.Errorf("the picture draws %s among the %s; CONTRIBUTING.md has it among the %q", room, floor, on[room])
		}
	}
}

// TestImportsPointDown: no room imports one on a floor above its own, and no door
// imports a door.
func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	on := floorTable(t)
	for _, s := range wholeHouse(t).sources {
		if isSuite(s.dir) { // a test stands on everything
			continue
		}
		from := roomOf(s.dir, on)
		for _, dir := range s.imports() {
			to := roomOf(dir, on)
			if fault := upOrSideways(from, to, on); fault != "" {
				t.Errorf("%s imports %s: %s", s.path, dir, fault)
			}
		}
	}
}

// upOrSideways says what is wrong with an import, or nothing.
func upOrSideways(from, to string, on map[string]string) string {
	lower, upper := slices.Index(floors(), on[from]), slices.Index(floors(), on[to])
	switch {
	case from == to || lower > upper:
		return ""
	case lower < upper:
		return "the " + on[to] + " stand above the " + on[from]
	case on[from] == "doors":
		return "doors do not know each other"
	default:
		return ""
	}
}

// TestAnArrowThatPointsUpIsFound: the test before would find one.
func TestAnArrowThatPointsUpIsFound(t *testing.T) {
	t.Parallel()
	on := floorTable(t)
	for _, c := range []struct {
		from, to string
		wrong    bool
	}{
		{"internal/authority", "internal/ledger", false},
		{"internal/authority", "internal/audit", false},
		{"internal/cli", "internal/server", false},
		{"internal/ledger", "internal/authority", true},
		{"internal/console", "internal/httpapi", true},
		{"internal/grant", "internal/store", true},
		{"internal/store", "internal/server", true},
	} {
		if fault := upOrSideways(c.from, c.to, on); (fault != "") != c.wrong {
			t.Errorf("%s imports %s: %q", c.from, c.to, fault)
		}
	}
}
