using System.Linq.Expressions;

namespace MedCor.Platform.Querying;

/// <summary>Represents a condition that decides which rows a caller may see, and that nearly always nothing limits.</summary>
/// <param name="Condition">The condition, which is true for all rows when nothing limits them.</param>
/// <param name="Causes">Finds what limits the rows. When it finds nothing, rows are counted without the condition, and so from an index alone.</param>
public sealed record RowLimit<T>(Expression<Func<T, bool>> Condition, IQueryable<int> Causes) where T : class;
