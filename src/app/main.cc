#include <exception>
#include <iostream>

#include "app/command_line.h"

int main(int argc, char** argv) {
  try {
    return penstock::app::run_command_line(argc, argv);
  } catch (const std::exception& exception) {
    std::cerr << "penstock: " << exception.what() << "\n";
    return 1;
  }
}
