"""`python -m course_lib`: refuse an old Python in one line, then hand over to the launcher.

This file holds no syntax newer than Python 2.7, so that an old Python can read the refusal instead of a SyntaxError.
"""
import sys

if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.stderr.write(
            "course_lib: Python 3.11 or newer is needed, this is Python %d.%d (%s): "
            "install a newer one from python.org and start again with it\n"
            % (sys.version_info[0], sys.version_info[1], sys.executable)
        )
        sys.exit(2)

    from course_lib.launcher import main

    sys.exit(main(sys.argv[1:]))
