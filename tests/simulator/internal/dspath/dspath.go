// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Package dspath takes apart and joins datastore paths: "[local-storage] dir/file".
package dspath

import (
	"path"
	"strings"
)

// Dir is the part of a datastore path before the file: "[ds] dir", and
// "[ds]" for a file in the root.
func Dir(datastorePath string) string {
	if i := strings.LastIndex(datastorePath, "/"); i >= 0 {
		return datastorePath[:i]
	}
	return datastorePath[:strings.Index(datastorePath, "]")+1]
}

// Base is the name of a file: "file" of "[ds] dir/file", and of "[ds] file".
func Base(datastorePath string) string {
	return strings.TrimLeft(datastorePath[len(Dir(datastorePath)):], "/ ")
}

// Join is the datastore path of a file in a directory "[ds] dir" or "[ds]".
func Join(dir, name string) string {
	if strings.Index(dir, "]") == len(dir)-1 { // "[ds] [dir]" ends so, too
		return dir + " " + name
	}
	return dir + "/" + name
}

// Inside is a path below a datastore's directory in its shortest form; it is not
// ok when the path leads out of the directory.
func Inside(relative string) (string, bool) {
	clean := path.Clean(strings.TrimLeft(relative, "/"))
	return clean, clean != ".." && !strings.HasPrefix(clean, "../")
}
