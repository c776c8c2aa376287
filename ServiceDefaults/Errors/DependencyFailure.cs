using System.Data.Common;
using System.Net.Sockets;
using StackExchange.Redis;

namespace MedCor.ServiceDefaults.Errors;

/// <summary>Distinguishes an unavailable dependency, which is expected to recover, from a defect of MedCor.</summary>
public static class DependencyFailure
{
    /// <summary>
    /// SQLSTATE codes (appendix A of the PostgreSQL manual) with which PostgreSQL reports that it is shutting down, starting up or out of connections.
    /// PgBouncer reports all of its own failures as a protocol violation.
    /// </summary>
    private const string AdminShutdown = "57P01", CrashShutdown = "57P02", CannotConnectNow = "57P03", TooManyConnections = "53300", ProtocolViolation =
        "08P01";

    /// <summary>
    /// Returns whether an exception, or one that it wraps, reports an unavailable dependency. EF Core and MassTransit wrap the exceptions of failed operations.
    /// </summary>
    public static bool IsCauseOf(Exception e)
    {
        for (Exception? cause = e; cause is not null; cause = cause.InnerException)
            if (cause is DbException { IsTransient: true } or SocketException or TimeoutException or HttpRequestException or RedisException
                or DbException { SqlState: AdminShutdown or CrashShutdown or CannotConnectNow or TooManyConnections or ProtocolViolation })
                return true;
        return false;
    }
}
