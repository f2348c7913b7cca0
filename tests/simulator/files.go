// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
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
	if key := cookieOf(r); key != "" {
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
	w.Header().Set("WWW-Authenticate", `Basic realm="VMware HTTP server"`)
	w.WriteHeader(http.StatusUnauthorized)
	return false
}

// files serves the files of datastores: /folder/dir/file?dcPath=..&dsName=..
func (f *front) files(w http.ResponseWriter, r *http.Request) {
	if !f.authenticated(w, r) {
		return
	}
	v := f.s.volumeNamed(decodedAgain(r, "dsName"))
	if v == nil || !f.s.hasDatacenter(decodedAgain(r, "dcPath")) {
		http.Error(w, "no such datastore", http.StatusNotFound)
		return
	}
	file := filepath.Join(v.dir, path.Clean("/"+strings.TrimPrefix(r.URL.Path, "/folder")))
	status := http.StatusMethodNotAllowed
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		serveFile(w, r, file)
		return
	case http.MethodPut:
		status = f.s.putFile(file, r.Body)
	case http.MethodDelete:
		status = deleteFile(file)
	}
	w.WriteHeader(status)
}

// decodedAgain is a value of the query, which a host decodes twice; what is
// no valid escape stays as it is.
func decodedAgain(r *http.Request, name string) string {
	once := r.URL.Query().Get(name)
	if twice, err := url.QueryUnescape(once); err == nil {
		return twice
	}
	return once
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

// serveFile answers with a file, or with the list of a directory.
func serveFile(w http.ResponseWriter, r *http.Request, file string) {
	if strings.HasSuffix(file, ".vmx") {
		w.Header().Set("Content-Type", "application/octet-stream")
	}
	http.ServeFile(w, r, file)
}

// putFile writes a file: 201 for a new one, 200 otherwise. As on a vCenter the
// directories above it are made. Nobody sees half of the file.
func (s *server) putFile(file string, content io.Reader) int {
	_, err := os.Stat(file)
	isNew := errors.Is(err, fs.ErrNotExist)
	text, err := io.ReadAll(content)
	if err != nil {
		return http.StatusBadRequest
	}
	if os.MkdirAll(filepath.Dir(file), 0o700) != nil || s.replaceFile(file, text) != nil {
		return http.StatusInternalServerError
	}
	if isNew {
		return http.StatusCreated
	}
	return http.StatusOK
}

// deleteFile removes a file or an empty directory.
func deleteFile(file string) int {
	switch err := os.Remove(file); {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, fs.ErrNotExist):
		return http.StatusNotFound
	}
	return http.StatusConflict
}
