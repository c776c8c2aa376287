namespace MedCor.Contracts;

/// <summary>The headers by which a write is repeated safely.</summary>
public static class IdempotencyHeaders
{
    /// <summary>Of a request: with the same value it happens once.</summary>
    public const string Key = "Idempotency-Key";

    /// <summary>Of an answer: <c>true</c> when it is that of an earlier request.</summary>
    public const string Replayed = "Idempotent-Replayed";
}
