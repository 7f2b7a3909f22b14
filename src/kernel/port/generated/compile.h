#define UTS_MACHINE "walkrace"
