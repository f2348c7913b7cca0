// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Package vmx reads and edits VMX files: the text, what it says in the words of the
// API, and the lines that a change of a domain touches.
package vmx

import (
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A File is the text of a VMX file as a list of lines that can be edited in
// place: lines that nothing changes keep their order, spelling and comments.
type File struct {
	lines []Line
	index map[string]int // lower-case key -> the line that takes effect
}

// A Line is either an entry (key is set) or anything else: a comment, an
// empty line, a "#!/usr/bin/vmware".
type Line struct {
	key, value string // value is unquoted
	text       string // the line as it was read, without its end
}

const name = `[A-Za-z.][A-Za-z0-9_:.*-]*`

var (
	// memsize = "1024"
	entry   = regexp.MustCompile(`^\s*(` + name + `)\s*=\s*"([^"]*)"\s*(?:#.*)?$`)
	onlyKey = regexp.MustCompile(`^` + name + `$`)
)

// IsKey says whether an entry of a VMX file can have this key.
func IsKey(key string) bool { return onlyKey.MatchString(key) }

// A SyntaxError says which line of a VMX file cannot be read.
type SyntaxError struct {
	line int
	text string
}

// Error says which line, and what it should be.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d is not of the form key = \"value\": %s", e.line, e.text)
}

// Parse reads the text of a VMX file. Where a key is given twice the first
// one takes effect, as on a host.
func Parse(text string) (*File, error) {
	f := &File{index: map[string]int{}}
	text = strings.TrimSuffix(text, "\n")
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		m := entry.FindStringSubmatch(line)
		if m == nil {
			if t := strings.TrimSpace(line); t != "" && !strings.HasPrefix(t, "#") {
				return nil, &SyntaxError{i + 1, t}
			}
			f.lines = append(f.lines, Line{text: line})
			continue
		}
		if _, twice := f.index[strings.ToLower(m[1])]; !twice {
			f.index[strings.ToLower(m[1])] = len(f.lines)
		}
		f.lines = append(f.lines, Line{key: m[1], value: m[2], text: line})
	}
	return f, nil
}

// String is the text of the file, each line with its end.
func (f *File) String() string {
	var b strings.Builder
	for _, l := range f.lines {
		b.WriteString(l.text)
		b.WriteByte('\n')
	}
	return b.String()
}

// Lookup is the value of a key (in any case), and whether there is one.
func (f *File) Lookup(key string) (string, bool) {
	i, ok := f.index[strings.ToLower(key)]
	if !ok {
		return "", false
	}
	return readable(f.lines[i].value), true
}

// readable is a value as UTF-8. Other encodings are read as Latin-1, which is
// near enough to see a name; the file itself keeps its bytes.
func readable(value string) string {
	if utf8.ValidString(value) {
		return value
	}
	runes := make([]rune, 0, len(value))
	for _, b := range []byte(value) {
		runes = append(runes, rune(b))
	}
	return string(runes)
}

// Get is the value of a key, or def.
func (f *File) Get(key, def string) string {
	if v, ok := f.Lookup(key); ok {
		return v
	}
	return def
}

// Flag is the value of a boolean key; anything but "true" is false.
func (f *File) Flag(key string) bool { return strings.EqualFold(f.Get(key, ""), "true") }

// Integer is the value of a numeric key, or def where it is absent or no number.
func (f *File) Integer(key string, def int64) int64 {
	if n, err := strconv.ParseInt(strings.TrimSpace(f.Get(key, "")), 10, 64); err == nil {
		return n
	}
	return def
}

// Set changes the line of a key, or adds one at the end.
func (f *File) Set(key, value string) {
	i, ok := f.index[strings.ToLower(key)]
	if !ok {
		i = len(f.lines)
		f.lines = append(f.lines, Line{key: key})
		f.index[strings.ToLower(key)] = i
	}
	l := &f.lines[i]
	l.value = value
	before, after := l.key+" = ", ""
	if m := entry.FindStringSubmatchIndex(l.text); m != nil { // keep what stands around the value
		before, after = l.text[:m[4]-1], l.text[m[5]+1:]
	}
	l.text = before + `"` + value + `"` + after
}

// remove drops each line whose lower-case key the function names.
func (f *File) remove(drop func(key string) bool) {
	f.lines = slices.DeleteFunc(f.lines, func(l Line) bool {
		return l.key != "" && drop(strings.ToLower(l.key))
	})
	f.index = map[string]int{}
	for i, l := range f.lines {
		key := strings.ToLower(l.key)
		if _, twice := f.index[key]; l.key != "" && !twice {
			f.index[key] = i
		}
	}
}

// Edit sets many entries at once; those with an empty value go.
func (f *File) Edit(set map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if set[key] != "" {
			f.Set(key, set[key])
			continue
		}
		f.remove(func(k string) bool { return strings.EqualFold(k, key) })
	}
}

// entries are the keys and values that count, in the order of the file.
func (f *File) entries() (list []Line) {
	for i, l := range f.lines {
		if l.key != "" && f.index[strings.ToLower(l.key)] == i {
			list = append(list, l)
		}
	}
	return list
}

var (
	pipeEscape    = regexp.MustCompile(`\|[0-9a-fA-F]{2}`)
	percentEscape = regexp.MustCompile(`%[0-9a-fA-F]{2}`)
	// EscapeText encodes a text for a VMX file: what its quotes cannot hold becomes |XX.
	EscapeText = strings.NewReplacer("|", "|7C", `"`, "|22", "\n", "|0A", "\r", "|0D")
)

func unhex(escape string) string {
	b, _ := hex.DecodeString(escape[1:])
	return string(b)
}

// UnescapeText decodes the |XX of an annotation or name: "two|0Alines".
func UnescapeText(s string) string { return pipeEscape.ReplaceAllStringFunc(s, unhex) }

// UnescapeName decodes displayName, where the three characters that may not be
// in a name have %XX as well: "a%2fb".
func UnescapeName(s string) string {
	return UnescapeText(UnescapePercent(s))
}

// UnescapePercent decodes the %XX of a name: "a%2fb" is "a/b".
func UnescapePercent(s string) string { return percentEscape.ReplaceAllStringFunc(s, unhex) }

// EscapeName makes of a plain name what a server shows: "a%2fb" for "a/b".
func EscapeName(s string) string {
	return strings.NewReplacer("%", "%25", "/", "%2f", `\`, "%5c").Replace(s)
}
