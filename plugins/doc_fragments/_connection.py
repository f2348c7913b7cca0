# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the connection options; the argument spec is ``module_utils/_argspec.py``."""

from __future__ import annotations


class ModuleDocFragment:
    """The fragment ``virt.esx._connection``."""

    DOCUMENTATION = r"""
options:
  uri:
    description:
      - Connection URI as in libvirt, C(scheme://[user@]host[:port]/[path][?parameter=value&...]).
      - Schemes are C(esx) (ESX and ESXi hosts), C(gsx) (GSX, also known as VMware Server 2.0) and C(vpx) (a host
        reached through its vCenter; the path is C(folder/datacenter/folder/cluster/host)).
      - >-
        Parameters are C(transport=http|https), C(vcenter=HOST|*), C(no_verify=0|1), C(auto_answer=0|1),
        C(proxy=[http|socks|socks4|socks4a|socks5|socks5h://][user@]host[:port]) and C(authfile=PATH).
      - It must not contain a password.
      - If not set, E(ESX_URI) is used, unless O(hostname) is set.
    type: str
  hostname:
    description:
      - Name or address of an ESX host, without scheme and port. It means the same as the URI C(esx://HOST/).
      - Cannot be used together with an O(uri) that names another host. It overrides E(ESX_URI).
      - If neither O(hostname) nor O(uri) is set, E(ESX_URI) is used, else E(VMWARE_HOST).
    type: str
  port:
    description:
      - Port of the host named by O(hostname).
      - If not set, E(VMWARE_PORT) is used, else the default port of the scheme and the transport.
    type: int
  validate_certs:
    description:
      - Whether to check the server's certificate. V(false) means the same as C(no_verify=1) in O(uri).
      - If not set, the URI decides. Without a URI, E(VMWARE_VALIDATE_CERTS) is used, else certificates are checked.
    type: bool
  username:
    description:
      - User name for the host of the URI.
      - If not set, the first available value is used, in this order - the user in O(uri), E(ESX_USERNAME),
        E(VMWARE_USER), libvirt's authentication file, C(root).
    type: str
    aliases: [user, admin]
  password:
    description:
      - Password for the host of the URI.
      - If not set, the first available value is used, in this order - E(ESX_PASSWORD), E(VMWARE_PASSWORD), libvirt's
        authentication file.
    type: str
    aliases: [pass, pwd]
  vcenter_username:
    description:
      - User name for the vCenter that the URI names with C(vcenter=), or that the host names.
      - If not set, the first available value is used, in this order - E(ESX_VCENTER_USERNAME), libvirt's authentication
        file (by the vCenter's name, then by its address), C(administrator@vsphere.local), or C(administrator) before
        vCenter 5.1.
    type: str
  vcenter_password:
    description:
      - Password for that vCenter.
      - If not set, E(ESX_VCENTER_PASSWORD) is used, then libvirt's authentication file.
    type: str
  proxy_password:
    description:
      - Password for the proxy user in the URI, C(proxy=http://user@host:port).
      - If not set, E(ESX_PROXY_PASSWORD) is used.
    type: str
    version_added: 0.2.0
  proxy_host:
    description:
      - Name or address of an HTTP proxy through which the host is reached, as in community.vmware. It means the same
        as C(proxy=http://HOST:PORT) in O(uri), and cannot be used together with a proxy in the URI.
      - If not set, the proxy in the URI is used, else E(VMWARE_PROXY_HOST).
    type: str
    version_added: 0.2.0
  proxy_port:
    description:
      - Port of that proxy. Required if a proxy is named by O(proxy_host) or E(VMWARE_PROXY_HOST).
      - If not set, E(VMWARE_PROXY_PORT) is used.
    type: int
    version_added: 0.2.0
  auth_file:
    description:
      - libvirt's client authentication file, with groups C([auth-esx-HOST]) and C([credentials-NAME]).
      - If not set, the first available file is used, in this order - E(LIBVIRT_AUTH_FILE), the URI's parameter
        C(authfile), C(libvirt/auth.conf) in the user's configuration directory, C(/etc/libvirt/auth.conf).
    type: path
  ca_path:
    description:
      - File with the certificates (PEM) of the authorities that may have signed the server's certificate.
      - If not set, the system's certificates are used.
    type: path
  thumbprint:
    description:
      - SHA-256 fingerprint of the certificate to accept, instead of checking who signed it.
      - Colons and case are ignored. Several are separated by commas, such as those of a host and of the vCenter that
        the URI names with C(vcenter=).
    type: str
  timeout:
    description:
      - Time limit for the task on the server, in seconds.
    type: int
    default: 300
  answers:
    description:
      - Answers for questions that block a task on the server, as a mapping of a question to a choice.
      - A question is named by its id, by its whole text, or by the message id that its text begins with, as in
        C(msg.uuid.altered). A choice is named by its label or its key.
      - They override C(auto_answer=1) in the URI, which takes the server's default choice.
    type: dict
    default: {}
  session_cache:
    description:
      - Whether to keep the session for later tasks, in a file that only the user can read.
      - The file holds the session's cookie, never the password. A second one holds the names and ids of domains.
    type: bool
    default: false
requirements:
  - Python 3.9 or later where the module runs
  - pyVmomi 8.0.3.0.1 or later
"""
