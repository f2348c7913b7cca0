// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/dspath"
	"esx-simulator/internal/filelocks"
)

const cookieName = "vmware_soap_session"

// cookieOf is the session key of a request, or "".
func cookieOf(r *http.Request) string {
	if c, err := r.Cookie(cookieName); err == nil {
		return strings.Trim(c.Value, `"`)
	}
	return ""
}

// authenticated tells whether a request has a session or a login; it answers
// 401 where not.
func (f *front) authenticated(w http.ResponseWriter, r *http.Request) bool {
	if key := f.s.sessions.keyOf(r); key != "" {
		f.s.sessions.touch(key)
		if f.s.sessions.has(key) && f.s.sessions.isOf(key, f.view) {
			return true
		}
	}
	if user, password, ok := r.BasicAuth(); ok {
		login := &types.Login{UserName: user, Password: password}
		if f.s.registry.SessionManager().Authenticate(*f.s.service.Listen, login) {
			return true
		}
	}
	unauthorized(w)
	return false
}

// folderQuery are the values of a request's query. A host decodes them twice:
// the query as a whole, and then each value.
func folderQuery(raw string) url.Values {
	once, err := url.PathUnescape(raw)
	if err != nil {
		once = raw
	}
	values, _ := url.ParseQuery(once)
	return values
}

// files serves the files of datastores: /folder/dir/file?dcPath=..&dsName=..
func (f *front) files(w http.ResponseWriter, r *http.Request) {
	if !f.authenticated(w, r) {
		return
	}
	if !f.mayUseFolder(r) {
		unauthorized(w)
		return
	}
	query := folderQuery(r.URL.RawQuery)
	v := f.s.volumeNamed(query.Get("dsName"))
	if v == nil || !f.s.hasDatacenter(query.Get("dcPath")) {
		refuse(w, http.StatusNotFound, "The datastore or datacenter was not found.")
		return
	}
	relative, ok := dspath.Inside(strings.TrimPrefix(r.URL.Path, "/folder"))
	if !ok {
		refuse(w, http.StatusBadRequest, "The path leads out of the datastore.")
		return
	}
	if !f.s.accessible(v) {
		refuse(w, http.StatusInternalServerError, "The datastore is not accessible.")
		return
	}
	file := filepath.Join(v.dir, relative)
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		f.s.getFile(w, r, file)
	case http.MethodPut:
		f.put(w, r, v, file)
	case http.MethodDelete:
		f.s.deleteFile(w, v, file)
	default:
		refuse(w, http.StatusMethodNotAllowed, "The method is not allowed.")
	}
}

// refuse answers with a page, as a host does.
func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<html><body><h1>%d %s</h1>%s</body></html>\n", status, http.StatusText(status), html.EscapeString(text))
}

func unauthorized(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Basic realm="VMware HTTP server"`)
	refuse(w, http.StatusUnauthorized, "The account is not logged in, or lacks a privilege.")
}

// accessible tells whether the hosts reach a datastore.
func (s *server) accessible(v *volume) bool {
	ds, ok := s.registry.Get(v.ref).(*simulator.Datastore)
	return ok && ds.Summary.Accessible
}

// hasDatacenter knows a datacenter by its inventory path; a host does not mind
// when there is none.
func (s *server) hasDatacenter(dcPath string) bool {
	name := path.Base(strings.Trim(dcPath, "/"))
	if strings.Trim(dcPath, "/") == "" {
		return true
	}
	for _, e := range s.registry.All("Datacenter") {
		if dc, ok := e.(*simulator.Datacenter); ok && dc.Name == name {
			return true
		}
	}
	return false
}

// getFile answers with a file or a part of it, or with the list of a directory. The
// extent that a running domain writes cannot be read.
func (s *server) getFile(w http.ResponseWriter, r *http.Request, file string) {
	if s.locks.Refuses(types.ManagedObjectReference{}, file, filelocks.Read) {
		refuse(w, http.StatusInternalServerError, "The file is locked.")
		return
	}
	info, err := os.Stat(file)
	if err == nil && info.IsDir() {
		listDirectory(w, file)
		return
	}
	if err == nil {
		w.Header().Set("Content-Type", "application/octet-stream")
	}
	http.ServeFile(w, r, file)
}

// listDirectory answers with a page, whether the path ends in a slash or not.
func listDirectory(w http.ResponseWriter, dir string) {
	entries, _ := os.ReadDir(dir)
	var rows strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&rows, "<tr><td>%s</td></tr>\n", html.EscapeString(e.Name()))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<html><body><table>\n%s</table></body></html>\n", rows.String())
}

// put writes a file: 201 for a new one, 200 otherwise. A vCenter makes the
// directories above it; a host wants them to be there. When the client leaves in the
// middle, the half of the file that it has sent stays.
func (f *front) put(w http.ResponseWriter, r *http.Request, v *volume, file string) {
	info, err := os.Stat(file)
	isNew := errors.Is(err, fs.ErrNotExist)
	dir := filepath.Dir(file)
	onHost := f.view != nil || f.s.registry.IsESX()
	switch {
	case err == nil && info.IsDir():
		refuse(w, http.StatusMethodNotAllowed, "The path is a directory.")
	case r.ContentLength < 0:
		refuse(w, http.StatusLengthRequired, "Content-Length is required.")
	case onHost && !exists(dir):
		refuse(w, http.StatusNotFound, "The directory was not found.")
	case f.s.locks.Refuses(types.ManagedObjectReference{}, file, filelocks.Write):
		refuse(w, http.StatusInternalServerError, "The file is locked.")
	case r.ContentLength > v.space.free():
		refuse(w, http.StatusInternalServerError, "No space is left on the datastore.")
	case os.MkdirAll(dir, 0o700) != nil || !f.s.receive(r, file):
		refuse(w, http.StatusInternalServerError, "The file could not be written.")
	case isNew:
		w.WriteHeader(http.StatusCreated)
	default:
		w.WriteHeader(http.StatusOK)
	}
}

// receive writes the body of a request into a file, and books its space.
func (s *server) receive(r *http.Request, file string) (complete bool) {
	own := *s.context
	_ = s.changing(&own, func() types.BaseMethodFault {
		complete = s.writeFile(file, r.Body) == nil
		return nil
	}, file)
	return complete
}

// deleteFile removes a file or an empty directory.
func (s *server) deleteFile(w http.ResponseWriter, v *volume, file string) {
	own := *s.context
	var err error
	switch {
	case file == v.dir:
		refuse(w, http.StatusMethodNotAllowed, "The datastore cannot be deleted.")
		return
	case s.locks.Below(file):
		refuse(w, http.StatusInternalServerError, "The file is locked.")
		return
	}
	_ = s.changing(&own, func() types.BaseMethodFault { err = os.Remove(file); return nil }, file)
	switch {
	case err == nil:
		w.WriteHeader(http.StatusOK)
	case errors.Is(err, fs.ErrNotExist):
		refuse(w, http.StatusNotFound, "The file was not found.")
	default:
		refuse(w, http.StatusConflict, "The directory is not empty.")
	}
}
