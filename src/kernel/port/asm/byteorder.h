// Entries and files are little-endian, as the host is.
#include <linux/byteorder/little_endian.h>
