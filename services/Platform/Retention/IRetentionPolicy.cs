namespace MedCor.Platform.Retention;

/// <summary>Deletes the rows of a table that a service keeps only for a time. Implementations are found by their type.</summary>
public interface IRetentionPolicy
{
    /// <summary>Deletes at most <paramref name="atMost"/> expired rows, of every hospital, and returns how many it deleted.</summary>
    Task<int> DeleteExpiredAsync(DateTimeOffset now, int atMost, CancellationToken ct);
}
