using System.Linq.Expressions;

namespace MedCor.Platform.Querying;

/// <summary>Represents the condition that a caller may see a row.</summary>
/// <param name="Condition">The condition.</param>
/// <param name="DecidesCount">
/// Whether rows are counted with the condition. Without it they are counted from an index alone; it then excludes only what has come since it was made.
/// </param>
public sealed record RowLimit<T>(Expression<Func<T, bool>> Condition, bool DecidesCount) where T : class;
