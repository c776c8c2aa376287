using MedCor.Contracts;

namespace MedCor.ServiceDefaults.Errors;

/// <summary>The path exists, the method does not.</summary>
public sealed class MethodNotAllowed(string allowed) : ApiException(405, ErrorCodes.ValidationError, $"This path is not called so. Allowed: {allowed}.");

/// <summary>Only JSON is read.</summary>
public sealed class UnsupportedMediaType() : ApiException(415, ErrorCodes.ValidationError, "Send the body as JSON, with Content-Type: application/json.");

/// <summary>Bodies end at 1 MiB, and where little is to be said sooner.</summary>
/// <param name="most">In bytes.</param>
public sealed class PayloadTooLarge(int most = MedCorDefaults.MaxRequestBodySize)
    : ApiException(413, ErrorCodes.ValidationError, $"The body is larger than {(most >= 1024 * 1024 ? $"{most / 1024 / 1024} MiB" : $"{most / 1024} KiB")}.");

/// <summary>A body does not come, or so slowly that nobody waits for it.</summary>
public sealed class RequestTimeout() : ApiException(408, ErrorCodes.ValidationError, "The body did not come in time. Send it at once.");

/// <summary>A fault of ours.</summary>
public sealed class InternalError() : ApiException(500, ErrorCodes.ServerError, "Something went wrong on our side. Quote the request_id when you report it.");

/// <summary>Bodies are read as they come.</summary>
public sealed class UnsupportedContentEncoding() : ApiException(415, ErrorCodes.ValidationError, "Compressed request bodies are not read. Send the body as it is, without Content-Encoding.");

/// <summary>JSON is UTF-8.</summary>
public sealed class UnsupportedCharset() : ApiException(415, ErrorCodes.ValidationError, "Send the body as JSON in UTF-8, with Content-Type: application/json.");
