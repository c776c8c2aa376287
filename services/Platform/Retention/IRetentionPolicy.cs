namespace MedCor.Platform.Retention;

/// <summary>Deletes the rows of a table that a service keeps only for a limited time. Implementations are found by their type.</summary>
public interface IRetentionPolicy
{
    /// <summary>Deletes at most <paramref name="maxCount"/> expired rows, of all hospitals, and returns the number of deleted rows.</summary>
    Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct);
}
