using MedCor.Contracts;

namespace MedCor.ServiceDefaults.Errors;

/// <summary>Reports that the path exists but does not support the method.</summary>
/// <param name="allowed">The allowed methods.</param>
public sealed class MethodNotAllowed(string allowed) : ApiException(405, ErrorCodes.ValidationError, $"Method not allowed. Allowed methods: {allowed}.");

/// <summary>Reports that the request body is not JSON.</summary>
public sealed class UnsupportedMediaType() : ApiException(415, ErrorCodes.ValidationError, "Send the body as JSON, with Content-Type: application/json.");

/// <summary>Reports a request body above the size limit: 1 MiB by default, less for endpoints that expect little.</summary>
/// <param name="maxSize">The limit, in bytes.</param>
public sealed class PayloadTooLarge(int maxSize = MedCorDefaults.MaxRequestBodySize)
    : ApiException(413, ErrorCodes.ValidationError,
        $"The body is larger than {(maxSize >= 1024 * 1024 ? $"{maxSize / 1024 / 1024} MiB" : $"{maxSize / 1024} KiB")}.");

/// <summary>Reports that the request body did not arrive, or arrived too slowly.</summary>
public sealed class RequestTimeout() : ApiException(408, ErrorCodes.ValidationError, "The request body did not arrive in time. Send it again, without pauses.");

/// <summary>Reports an internal error of MedCor.</summary>
public sealed class InternalError() : ApiException(500, ErrorCodes.ServerError, "Something went wrong on our side. Quote the request_id when you report it.");

/// <summary>Reports a compressed request body. Bodies are never decompressed.</summary>
public sealed class UnsupportedContentEncoding()
    : ApiException(415, ErrorCodes.ValidationError, "Compressed request bodies are not read. Send the body as it is, without Content-Encoding.");

/// <summary>Reports a request body in an encoding other than UTF-8.</summary>
public sealed class UnsupportedCharset()
    : ApiException(415, ErrorCodes.ValidationError, "Send the body as JSON in UTF-8, with Content-Type: application/json.");
