namespace MedCor.Platform.Retention;

/// <summary>Deletes rows that a service keeps only for a limited time. Implementations are found by their type.</summary>
public interface IRetentionPolicy
{
    /// <summary>Deletes expired rows, of all hospitals.</summary>
    /// <param name="maxCount">The maximum number of rows that are deleted of each table.</param>
    /// <returns>The number of deleted rows, of all tables together.</returns>
    Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct);
}
