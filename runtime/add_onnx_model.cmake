# add_onnx_model(): a static library made from an ONNX model by onnxc.
#
#   add_onnx_model(TARGET net MODEL net.onnx
#                  [NAME name]                   prefix of the C functions; default: the model's file name
#                  [DIM batch=8 seq=1..64 ...]   fixes or bounds named dimensions
#                  [MARCH x86-64-v4]             instruction set; default: onnxc's
#                  [WEIGHTS embed|file|source]   default: embed
#                  [OPTIONS --precision strict]) further options of onnxc
#
# Programs that link `net` include <name.h>. The library is made anew when the model or onnxc changes. With
# WEIGHTS file, the target's property ONNXC_WEIGHTS is the path of the weights that the program has to load.
include_guard(GLOBAL)

function(add_onnx_model)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET;MODEL;NAME;MARCH;WEIGHTS" "DIM;OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "add_onnx_model: unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_TARGET OR NOT arg_MODEL)
    message(FATAL_ERROR "add_onnx_model: TARGET and MODEL are needed")
  endif()
  cmake_path(ABSOLUTE_PATH arg_MODEL BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
  if(NOT EXISTS ${arg_MODEL})
    get_source_file_property(is_generated ${arg_MODEL} GENERATED)
    if(NOT is_generated)
      message(FATAL_ERROR "add_onnx_model: no such file: ${arg_MODEL}")
    endif()
  endif()
  if(NOT arg_NAME)
    cmake_path(GET arg_MODEL STEM LAST_ONLY arg_NAME)
  endif()
  string(MAKE_C_IDENTIFIER "${arg_NAME}" name)
  if(NOT arg_WEIGHTS)
    set(arg_WEIGHTS embed)
  endif()
  if(NOT arg_WEIGHTS MATCHES "^(embed|file|source)$")
    message(FATAL_ERROR "add_onnx_model: WEIGHTS is embed, file or source, not ${arg_WEIGHTS}")
  endif()

  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}.onnxc)
  file(MAKE_DIRECTORY ${folder})
  set(written ${folder}/${name}.cpp ${folder}/${name}.h)
  if(arg_WEIGHTS STREQUAL "file")
    list(APPEND written ${folder}/${name}.weights)
  endif()
  set(options --name ${name} --weights ${arg_WEIGHTS})
  if(arg_MARCH)
    list(APPEND options --march ${arg_MARCH})
  endif()
  foreach(dim IN LISTS arg_DIM)
    list(APPEND options --dim ${dim})
  endforeach()

  cmake_path(GET arg_MODEL FILENAME model_file)
  add_custom_command(
    OUTPUT ${written}
    COMMAND onnxc::onnxc ${arg_MODEL} -o ${folder}/${name}.cpp ${options} ${arg_OPTIONS}
    DEPENDS ${arg_MODEL} onnxc::onnxc $<TARGET_FILE:onnxc::onnxc>
    COMMENT "Compiling ${model_file} to ${name}.cpp" VERBATIM)

  add_library(${arg_TARGET} STATIC ${written})
  target_include_directories(${arg_TARGET} PUBLIC ${folder})
  target_compile_features(${arg_TARGET} PRIVATE cxx_std_17)
  # Without a build type CMake does not optimise, which makes a network some 25 times slower.
  target_compile_options(${arg_TARGET} PRIVATE $<$<AND:$<CONFIG:>,$<CXX_COMPILER_ID:GNU,Clang,AppleClang>>:-O2>)
  set_target_properties(${arg_TARGET} PROPERTIES LINKER_LANGUAGE CXX)
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Generic")
    set_target_properties(${arg_TARGET} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  endif()
  if(arg_WEIGHTS STREQUAL "file")
    set_target_properties(${arg_TARGET} PROPERTIES ONNXC_WEIGHTS ${folder}/${name}.weights)
  endif()
endfunction()
