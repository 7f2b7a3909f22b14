// Where in the code under test an access stands. C-compatible; sites are static constants, so
// that an event can keep a pointer to one. Only file, function and line may reach a trace:
// never the site's address.
#ifndef WALKRACE_BASE_SITE_H_
#define WALKRACE_BASE_SITE_H_

#ifdef __cplusplus
extern "C" {
#endif

struct wr_site {
  const char* file;  // relative to the source tree
  const char* function;
  int line;
};

#ifdef __cplusplus
}
#endif

// A pointer to the site of the place where the macro stands.
#define WR_HERE                                                                \
  __extension__({                                                              \
    static const struct wr_site wr_here_site = {__FILE__, __func__, __LINE__}; \
    &wr_here_site;                                                             \
  })

#endif  // WALKRACE_BASE_SITE_H_
