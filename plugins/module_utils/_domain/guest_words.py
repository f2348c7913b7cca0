# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMware's names of guest operating systems, as data: the VI API's identifiers and the words of ``guestOS`` in a VMX.

Neither can be computed from the other. The table is that of VMware's own tools (open-vm-tools), in its order.
"""

from __future__ import annotations

# API identifier, the virtual hardware version that came with it (- where it is older than 18), words; the first word
# is the one that VMware writes, the others are only read.
TABLE = """
win31Guest - win31
win95Guest - win95
win98Guest - win98
winMeGuest - winMe
winNTGuest - winNT nt4
win2000ProGuest - win2000Pro win2000
win2000ServGuest - win2000Serv
win2000AdvServGuest - win2000AdvServ
winXPHomeGuest - winXPHome whistler
winXPProGuest - winXPPro
winXPPro64Guest - winXPPro-64
winNetWebGuest - winNetWeb
winNetStandardGuest - winNetStandard
winNetEnterpriseGuest - winNetEnterprise
winNetDatacenterGuest - winNetDatacenter
winNetBusinessGuest - winNetBusiness
winNetStandard64Guest - winNetStandard-64
winNetEnterprise64Guest - winNetEnterprise-64
winNetDatacenter64Guest - winNetDatacenter-64
winLonghornGuest - longhorn winServer2008Cluster-32 winServer2008Datacenter-32 winServer2008DatacenterCore-32
winLonghornGuest - winServer2008Enterprise-32 winServer2008EnterpriseCore-32 winServer2008EnterpriseItanium-32
winLonghornGuest - winServer2008SmallBusiness-32 winServer2008SmallBusinessPremium-32 winServer2008Standard-32
winLonghornGuest - winServer2008StandardCore-32 winServer2008MediumManagement-32 winServer2008MediumMessaging-32
winLonghornGuest - winServer2008MediumSecurity-32 winServer2008ForSmallBusiness-32 winServer2008StorageEnterprise-32
winLonghornGuest - winServer2008StorageExpress-32 winServer2008StorageStandard-32 winServer2008StorageWorkgroup-32
winLonghornGuest - winServer2008Web-32
winLonghorn64Guest - longhorn-64 winServer2008Cluster-64 winServer2008Datacenter-64 winServer2008DatacenterCore-64
winLonghorn64Guest - winServer2008Enterprise-64 winServer2008EnterpriseCore-64 winServer2008EnterpriseItanium-64
winLonghorn64Guest - winServer2008SmallBusiness-64 winServer2008SmallBusinessPremium-64 winServer2008Standard-64
winLonghorn64Guest - winServer2008StandardCore-64 winServer2008MediumManagement-64 winServer2008MediumMessaging-64
winLonghorn64Guest - winServer2008MediumSecurity-64 winServer2008ForSmallBusiness-64
winLonghorn64Guest - winServer2008StorageEnterprise-64 winServer2008StorageExpress-64 winServer2008StorageStandard-64
winLonghorn64Guest - winServer2008StorageWorkgroup-64 winServer2008Web-64
winVistaGuest - winvista winVistaUltimate-32 winVistaHomePremium-32 winVistaHomeBasic-32 winVistaEnterprise-32
winVistaGuest - winVistaBusiness-32 winVistaStarter-32
winVista64Guest - winvista-64 winVistaUltimate-64 winVistaHomePremium-64 winVistaHomeBasic-64 winVistaEnterprise-64
winVista64Guest - winVistaBusiness-64 winVistaStarter-64
windows7Guest - windows7
windows7_64Guest - windows7-64
windows7Server64Guest - windows7srv-64
windows8Guest - windows8
windows8_64Guest - windows8-64
windows8Server64Guest - windows8srv-64
windows9Guest - windows9
windows9_64Guest - windows9-64
windows11_64Guest 20 windows11-64
windows12_64Guest 20 windows12-64
windows9Server64Guest - windows9srv-64
windows2019srv_64Guest - windows2019srv-64
windows2019srvNext_64Guest 18 windows2019srvNext-64
windows2022srvNext_64Guest 20 windows2022srvNext-64
windowsHyperVGuest - winHyperV
redhatGuest - redhat
rhel2Guest - rhel2
rhel3Guest - rhel3
rhel3_64Guest - rhel3-64
rhel4Guest - rhel4
rhel4_64Guest - rhel4-64
rhel5Guest - rhel5
rhel5_64Guest - rhel5-64
rhel6Guest - rhel6
rhel6_64Guest - rhel6-64
rhel7Guest - rhel7
rhel7_64Guest - rhel7-64
rhel8_64Guest - rhel8-64
rhel9_64Guest 18 rhel9-64
rhel10_64Guest 22 rhel10-64
centosGuest - centos
centos64Guest - centos-64
centos6Guest - centos6
centos6_64Guest - centos6-64
centos7Guest - centos7
centos7_64Guest - centos7-64
centos8_64Guest - centos8-64
centos9_64Guest 18 centos9-64
oracleLinuxGuest - oraclelinux
oracleLinux64Guest - oraclelinux-64
oracleLinux6Guest - oraclelinux6
oracleLinux6_64Guest - oraclelinux6-64
oracleLinux7Guest - oraclelinux7
oracleLinux7_64Guest - oraclelinux7-64
oracleLinux8_64Guest - oraclelinux8-64
oracleLinux9_64Guest 18 oraclelinux9-64
oracleLinux10_64Guest 22 oraclelinux10-64
suseGuest - suse
suse64Guest - suse-64
slesGuest - sles
sles64Guest - sles-64
sles10Guest - sles10
sles10_64Guest - sles10-64
sles11Guest - sles11
sles11_64Guest - sles11-64
sles12Guest - sles12
sles12_64Guest - sles12-64
sles15_64Guest - sles15-64
sles16_64Guest 18 sles16-64
mandrakeGuest - mandrake
mandriva64Guest - mandriva-64 mandrake-64
mandrivaGuest - mandriva
turboLinuxGuest - turbolinux
turboLinux64Guest - turbolinux-64
ubuntuGuest - ubuntu
ubuntu64Guest - ubuntu-64
debian4Guest - debian4
debian4_64Guest - debian4-64
debian5Guest - debian5
debian5_64Guest - debian5-64
debian6Guest - debian6
debian6_64Guest - debian6-64
debian7Guest - debian7
debian7_64Guest - debian7-64
debian8Guest - debian8
debian8_64Guest - debian8-64
debian9Guest - debian9
debian9_64Guest - debian9-64
debian10Guest - debian10
debian10_64Guest - debian10-64
debian11Guest - debian11
debian11_64Guest - debian11-64
debian12Guest 20 debian12
debian12_64Guest 20 debian12-64
debian13Guest 22 debian13
debian13_64Guest 22 debian13-64
asianux3Guest - asianux3
asianux3_64Guest - asianux3-64
asianux4Guest - asianux4
asianux4_64Guest - asianux4-64
asianux5_64Guest - asianux5-64
asianux7_64Guest - asianux7-64
asianux8_64Guest - asianux8-64
asianux9_64Guest 18 asianux9-64
miraclelinux_64Guest 22 miraclelinux-64
pardus_64Guest 22 pardus-64
nld9Guest - nld9
oesGuest - oes
sjdsGuest - sjds
opensuseGuest - opensuse
opensuse64Guest - opensuse-64
fedoraGuest - fedora
fedora64Guest - fedora-64
coreos64Guest - coreos-64
vmwarePhoton64Guest - vmware-photon-64
other24xLinuxGuest - other24xlinux
other24xLinux64Guest - other24xlinux-64
other26xLinuxGuest - other26xlinux
other26xLinux64Guest - other26xlinux-64
other3xLinuxGuest - other3xlinux
other3xLinux64Guest - other3xlinux-64
other4xLinuxGuest - other4xlinux
other4xLinux64Guest - other4xlinux-64
other5xLinuxGuest 18 other5xlinux
other5xLinux64Guest 18 other5xlinux-64
other6xLinuxGuest 20 other6xlinux
other6xLinux64Guest 20 other6xlinux-64
other7xLinuxGuest 22 other7xlinux
other7xLinux64Guest 22 other7xlinux-64
otherLinuxGuest - otherlinux linux
otherLinux64Guest - otherlinux-64
genericLinuxGuest - genericlinux
amazonlinux2_64Guest - amazonlinux2-64
amazonlinux3_64Guest 18 amazonlinux3-64
almalinux_64Guest 20 almalinux-64
fusionos_64Guest 22 fusionos-64
rockylinux_64Guest 20 rockylinux-64
prolinux_64Guest 22 prolinux-64
kylinlinux_64Guest 22 kylinlinux-64
flatcar_64Guest - flatcar-64
crxPod1Guest - CRXPod1-64
crxSys1Guest 20 CRXSys1-64
netware4Guest - netware4
netware5Guest - netware5
netware6Guest - netware6
solaris6Guest - solaris6
solaris7Guest - solaris7
solaris8Guest - solaris8
solaris9Guest - solaris9
solaris10Guest - solaris10
solaris10_64Guest - solaris10-64
solaris11_64Guest - solaris11-64
darwinGuest - darwin
darwin64Guest - darwin-64
darwin10Guest - darwin10
darwin10_64Guest - darwin10-64
darwin11Guest - darwin11
darwin11_64Guest - darwin11-64
darwin12_64Guest - darwin12-64
darwin13_64Guest - darwin13-64
darwin14_64Guest - darwin14-64
darwin15_64Guest - darwin15-64
darwin16_64Guest - darwin16-64
darwin17_64Guest - darwin17-64
darwin18_64Guest - darwin18-64
darwin19_64Guest - darwin19-64
darwin20_64Guest 18 darwin20-64
darwin21_64Guest 18 darwin21-64
darwin22_64Guest 20 darwin22-64
darwin23_64Guest 20 darwin23-64
vmkernelGuest - vmkernel
vmkernel5Guest - vmkernel5
vmkernel6Guest - vmkernel6
vmkernel65Guest - vmkernel65
vmkernel7Guest - vmkernel7
vmkernel8Guest 20 vmkernel8
vmkernel9Guest 22 vmkernel9
dosGuest - dos
os2Guest - os2 os2experimental
eComStationGuest - eComStation
eComStation2Guest - eComStation2
freebsdGuest - freeBSD
freebsd64Guest - freeBSD-64
freebsd11Guest - freeBSD11
freebsd11_64Guest - freeBSD11-64
freebsd12Guest - freeBSD12
freebsd12_64Guest - freeBSD12-64
freebsd13Guest 18 freeBSD13
freebsd13_64Guest 18 freeBSD13-64
freebsd14Guest 20 freeBSD14
freebsd14_64Guest 20 freeBSD14-64
freebsd15Guest 22 freeBSD15
freebsd15_64Guest 22 freeBSD15-64
openServer5Guest - openserver5
openServer6Guest - openserver6
unixWare7Guest - unixware7
otherGuest - other
otherGuest64 - other-64
"""
