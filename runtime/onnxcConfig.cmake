# What find_package(onnxc) gives: the tool onnxc::onnxc, the headers onnxc::runtime and add_onnx_model().
include(${CMAKE_CURRENT_LIST_DIR}/onnxcTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/add_onnx_model.cmake)
