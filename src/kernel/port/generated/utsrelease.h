#define UTS_RELEASE "walkrace"
