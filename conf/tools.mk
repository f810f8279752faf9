# SPDX-License-Identifier: MIT
#
# Set-up and toolchain. What conf/setup leaves in .deps is included like a makefile, so that make brings it up to
# date first, which installs what is missing, and then starts over with everything in place. `make clean` leaves .deps
# alone. The goals in GOALS_WITHOUT_TOOLS need none of this.

GOALS_WITHOUT_TOOLS := help doctor explain pcap clean realclean distclean tarball handin hint-%
GOALS := $(or $(MAKECMDGOALS),all)
SETUP_KINDS := run \
	$(if $(filter grade grade-check grade-all check-host check-long fuzz fuzz-%,$(GOALS)),test) $(if $(filter check-warnings,$(GOALS)),lint) $(if $(filter gdb,$(GOALS)),debug) \
	$(if $(filter bench bench-%,$(GOALS)),bench) $(if $(filter igb,$(NIC)),igb) $(if $(filter handout,$(GOALS)),handout) $(if $(filter lab-html,$(GOALS)),doc)

$(addprefix .deps/,run test lint debug bench igb handout doc): .deps/%: conf/setup conf/toolchain
	@LWIP='$(LWIP)' GCCPREFIX='$(GCCPREFIX)' HOSTCC='$(HOSTCC)' PYTHON='$(PYTHON)' QEMU='$(QEMU)' conf/setup $*

LWIP_DIR := $(or $(LWIP),.deps/lwip)
.deps/lwip/.verified: conf/lwip conf/lwip.versions | .deps/run
	@conf/lwip

ifneq ($(filter-out $(GOALS_WITHOUT_TOOLS),$(GOALS)),)
include $(addprefix .deps/,$(SETUP_KINDS))

ifndef LWIP
include .deps/lwip/.verified
else ifeq ($(wildcard $(LWIP)/src/include/lwip/init.h),)
$(error LWIP=$(LWIP) is no lwIP source tree: src/include/lwip/init.h is not there)
endif

# Before the set-up there may be none to find.
ifeq ($(origin GCCPREFIX)-$(wildcard .deps/run),undefined-.deps/run)
GCCPREFIX := $(shell conf/toolchain)
$(if $(filter-out 0,$(.SHELLSTATUS)),$(error no toolchain))
endif
endif

CC := $(GCCPREFIX)gcc
LD := $(GCCPREFIX)ld
AR := $(GCCPREFIX)ar
NM := $(GCCPREFIX)nm
OBJCOPY := $(GCCPREFIX)objcopy
OBJDUMP := $(GCCPREFIX)objdump

WARNINGS := -Wall -Wextra $(if $(filter 1,$(WERROR)),-Werror)

# What all code for the machine is compiled with. The compiler's own headers (stdint.h and the like, which lwIP
# wants) are the only ones from outside.
COMMON_CFLAGS = -m32 -march=i686 -std=gnu11 -O2 -g -ffreestanding -fno-builtin -fno-pic -fno-stack-protector \
	-fcf-protection=none -fno-asynchronous-unwind-tables -fno-omit-frame-pointer -fno-strict-aliasing \
	-fno-delete-null-pointer-checks -mno-sse -mno-mmx -nostdinc -isystem $(CC_INCLUDE) -I.
# What packets go through is compiled as one: the compiler sees all files of a stack when it makes code, and inlines across
# them. `make UNITE=` compiles each file by itself, which is easier to step through.
UNITE_FLAGS := $(if $(filter 1,$(UNITE)),-O3 -flto -ffat-lto-objects)
UNITE_LDFLAGS := -r -nostdlib $(if $(filter 1,$(UNITE)),-flto-partition=one -flinker-output=nolto-rel)
CC_INCLUDE = $(eval CC_INCLUDE := $$(shell $$(CC) -print-file-name=include))$(CC_INCLUDE)
LDFLAGS := -m elf_i386 -nostdlib -static -z max-page-size=0x1000 -z noexecstack
TOOL_CFLAGS := -std=gnu11 -O2 -g -I. -DJOS_HOST $(WARNINGS)
