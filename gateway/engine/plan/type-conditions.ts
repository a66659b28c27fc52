/**
 * Which runtime types a type condition of a plan matches, by the supergraph (plans may speak of inaccessible types).
 */
import { type GraphQLSchema, isAbstractType, isInterfaceType, isObjectType } from "graphql";

export interface TypeConditions {
  /**
   * Does an object of this runtime type (an interface's name where a subgraph knows it as an `@interfaceObject`) fit?
   */
  matches(condition: string, typeName: string): boolean;
  /** Is it the name of an interface or union, which says of an object only what it is at least? */
  isAbstract(typeName: string): boolean;
}

export function createTypeConditions(schema: GraphQLSchema): TypeConditions {
  const answersByCondition = new Map<string, Map<string, boolean>>();

  function look(condition: string, typeName: string): boolean {
    if (condition === typeName) return true;
    const wanted = schema.getType(condition);
    const type = schema.getType(typeName);
    if (!isAbstractType(wanted)) return false;
    return (isObjectType(type) || isInterfaceType(type)) && schema.isSubType(wanted, type);
  }

  return {
    isAbstract: (typeName) => isAbstractType(schema.getType(typeName)),
    matches(condition, typeName) {
      let answers = answersByCondition.get(condition);
      if (answers === undefined) {
        answers = new Map();
        answersByCondition.set(condition, answers);
      }
      const answer = answers.get(typeName) ?? look(condition, typeName);
      // Names that the schema does not know come from a subgraph: they must not fill the memory.
      if (schema.getType(typeName) !== undefined) answers.set(typeName, answer);
      return answer;
    },
  };
}
