// Package docs holds the pages and pictures of this folder that the program
// itself shows under /help. Its laws: what it holds is written by us, and a page
// refers to another page, or to a picture, by the relative path that also works
// where the files lie.
package docs

import (
	"embed"
	"io/fs"
)

//go:embed guide/*.md images/*.png
var files embed.FS

// Files holds guide/*.md and images/*.png.
func Files() fs.FS { return files }
