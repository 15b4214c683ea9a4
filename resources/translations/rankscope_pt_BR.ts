<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="pt_BR" sourcelanguage="en">
<context>
    <name>rankscope::ui::AdviceModel</name>
    <message>
        <source>%1 (over budget)</source>
        <translation>%1 (acima do orçamento)</translation>
    </message>
    <message>
        <source>%1
It writes: %2</source>
        <translation>%1
Escreve: %2</translation>
    </message>
    <message>
        <source>Option</source>
        <translation>Opção</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Tamanho</translation>
    </message>
    <message>
        <source>Linears kept</source>
        <translation>Lineares mantidas</translation>
    </message>
    <message>
        <source>Weight cosine</source>
        <translation>Cosseno dos pesos</translation>
    </message>
    <message>
        <source>Output cosine</source>
        <translation>Cosseno da saída</translation>
    </message>
    <message>
        <source>KL, predicted</source>
        <translation>KL prevista</translation>
    </message>
    <message>
        <source>KL</source>
        <translation>KL</translation>
    </message>
    <message>
        <source>Perplexity</source>
        <translation>Perplexidade</translation>
    </message>
    <message>
        <source>Repeated</source>
        <translation>Repetido</translation>
    </message>
    <message>
        <source>Reads</source>
        <translation>Lê</translation>
    </message>
    <message>
        <source>Writes</source>
        <translation>Escreve</translation>
    </message>
    <message>
        <source>A way to compress the model; a star marks the recommended one</source>
        <translation>Uma maneira de comprimir o modelo; a estrela marca a recomendada</translation>
    </message>
    <message>
        <source>Bytes of the whole exported model</source>
        <translation>Bytes do modelo exportado inteiro</translation>
    </message>
    <message>
        <source>Share of the bytes of attention and MLP</source>
        <translation>Parcela dos bytes de atenção e MLP</translation>
    </message>
    <message>
        <source>Mean cosine of the weights that changed</source>
        <translation>Cosseno médio dos pesos que mudaram</translation>
    </message>
    <message>
        <source>Mean cosine of the model&apos;s logits, raw</source>
        <translation>Cosseno médio dos logits do modelo, bruto</translation>
    </message>
    <message>
        <source>KL that was predicted before the plan was run</source>
        <translation>KL prevista antes de executar o plano</translation>
    </message>
    <message>
        <source>KL in nats a token against the original, on text that took no part in calibration</source>
        <translation>KL em nats por token em relação ao original, em texto que não participou da calibração</translation>
    </message>
    <message>
        <source>On the same text</source>
        <translation>No mesmo texto</translation>
    </message>
    <message>
        <source>Share of repeated 4-grams in a greedy sample: how much the model repeats itself</source>
        <translation>Parcela de 4-gramas repetidos em uma amostra gulosa: o quanto o modelo se repete</translation>
    </message>
    <message>
        <source>Speed of reading a text, relative to the original</source>
        <translation>Velocidade de leitura de um texto, em relação ao original</translation>
    </message>
    <message>
        <source>Speed of writing a text, relative to the original</source>
        <translation>Velocidade de escrita de um texto, em relação ao original</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::AdvisePage</name>
    <message>
        <source>Advise</source>
        <translation>Aconselhar</translation>
    </message>
    <message>
        <source>Take this plan</source>
        <translation>Usar este plano</translation>
    </message>
    <message>
        <source>What each size costs</source>
        <translation>O que cada tamanho custa</translation>
    </message>
    <message>
        <source>Comes when the layers are measured</source>
        <translation>Aparece quando as camadas estiverem medidas</translation>
    </message>
    <message>
        <source>Prediction against measurement</source>
        <translation>Previsão e medição</translation>
    </message>
    <message>
        <source>Stories that the demo never saw</source>
        <translation>Histórias que a demonstração nunca viu</translation>
    </message>
    <message>
        <source>Choose a file…</source>
        <translation>Escolher um arquivo…</translation>
    </message>
    <message>
        <source>The last third is measured on, the rest calibrates; they share no record</source>
        <translation>No último terço se mede, com o resto se calibra; não têm registros em comum</translation>
    </message>
    <message>
        <source>Budget</source>
        <translation>Orçamento</translation>
    </message>
    <message>
        <source>Share of the bytes of attention and MLP that may be kept; or the largest KL, such as 0.1 nats</source>
        <translation>Parcela dos bytes de atenção e MLP que pode ser mantida; ou a KL máxima, como 0,1 nats</translation>
    </message>
    <message>
        <source>Makes the chosen option the plan; Undo brings the old one back</source>
        <translation>Torna a opção escolhida o plano; Desfazer traz o anterior de volta</translation>
    </message>
    <message>
        <source>Stop: layers that are measured need not be measured again</source>
        <translation>Parar: camadas já medidas não precisam ser medidas de novo</translation>
    </message>
    <message>
        <source>Te&amp;xt</source>
        <translation>Te&amp;xto</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>Texto</translation>
    </message>
    <message>
        <source>&amp;Budget</source>
        <translation>&amp;Orçamento</translation>
    </message>
    <message>
        <source>Text to advise on</source>
        <translation>Texto para o conselho</translation>
    </message>
    <message>
        <source>Recommendation</source>
        <translation>Recomendação</translation>
    </message>
    <message>
        <source>Options</source>
        <translation>Opções</translation>
    </message>
    <message>
        <source>Measures every layer&apos;s sensitivity, then the study&apos;s options and ours at equal bytes</source>
        <translation>Mede a sensibilidade de cada camada, depois as opções do estudo e as nossas com os mesmos bytes</translation>
    </message>
    <message>
        <source>Calibrating, then trying every layer alone. The first options appear when that is done.</source>
        <translation>Calibrando e depois experimentando cada camada sozinha. As primeiras opções aparecem quando isso terminar.</translation>
    </message>
    <message>
        <source>Which plan is best for a budget? &lt;b&gt;Advise&lt;/b&gt; tries every layer alone in every way, predicts whole plans from that, and then measures the study&apos;s own options and the best ones it can find at equal bytes, on text that took no part in calibration. It takes some minutes.</source>
        <translation>Qual plano é o melhor para um orçamento? &lt;b&gt;Aconselhar&lt;/b&gt; experimenta cada camada sozinha de todas as maneiras, prevê planos inteiros a partir disso e depois mede as opções do próprio estudo e as melhores que encontra com os mesmos bytes, em texto que não participou da calibração. Leva alguns minutos.</translation>
    </message>
    <message>
        <source>Prediction against measurement: %1 off, median</source>
        <translation>Previsão e medição: desvio mediano de %1</translation>
    </message>
    <message>
        <source>Random plans that took no part in fitting the prediction; bars hold about four in five</source>
        <translation>Planos aleatórios que não participaram do ajuste da previsão; as barras contêm cerca de quatro em cinco</translation>
    </message>
    <message>
        <source>Advise on this model</source>
        <translation>Aconselhar sobre este modelo</translation>
    </message>
    <message>
        <source>The budget &quot;%1&quot; is neither a share from above 0 to 100 % nor a largest KL such as 0.1 nats.</source>
        <translation>O orçamento &quot;%1&quot; não é nem uma fração acima de 0 até 100 % nem uma KL máxima, como 0.1 nats.</translation>
    </message>
    <message>
        <source>Running again. The advice below is the one before; it stays until the new one is finished.</source>
        <translation>Rodando de novo. O conselho abaixo é o anterior; ele fica até que o novo termine.</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::Advising</name>
    <message>
        <source>Advice</source>
        <translation>Conselho</translation>
    </message>
    <message>
        <source>Take the plan %1</source>
        <translation>Usar o plano %1</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::Banner</name>
    <message>
        <source>Dismiss</source>
        <translation>Dispensar</translation>
    </message>
    <message>
        <source>Dismiss message</source>
        <translation>Dispensar a mensagem</translation>
    </message>
    <message>
        <source>Problem: %1</source>
        <translation>Problema: %1</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::CommandSearch</name>
    <message>
        <source>What do you want to do?</source>
        <translation>O que você quer fazer?</translation>
    </message>
    <message>
        <source>Search commands</source>
        <translation>Procurar comandos</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>Comandos</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::CurvePanel</name>
    <message>
        <source>log x</source>
        <translation>log x</translation>
    </message>
    <message>
        <source>Logarithmic rank axis</source>
        <translation>Eixo do posto logarítmico</translation>
    </message>
    <message>
        <source>Values at the pointer or the rank</source>
        <translation>Valores no ponteiro ou no posto</translation>
    </message>
    <message>
        <source>log σ</source>
        <translation>log σ</translation>
    </message>
    <message>
        <source>Logarithmic axis of singular values</source>
        <translation>Eixo dos valores singulares logarítmico</translation>
    </message>
    <message>
        <source>σ / σ₁</source>
        <translation>σ / σ₁</translation>
    </message>
    <message>
        <source>Divide by the largest singular value, to compare shapes</source>
        <translation>Dividir pelo maior valor singular, para comparar as formas</translation>
    </message>
    <message>
        <source>singular value σ</source>
        <translation>valor singular σ</translation>
    </message>
    <message>
        <source>predicted cosine</source>
        <translation>cosseno previsto</translation>
    </message>
    <message>
        <source>rank</source>
        <translation>posto</translation>
    </message>
    <message>
        <source>Singular values by rank</source>
        <translation>Valores singulares por posto</translation>
    </message>
    <message>
        <source>Predicted cosine by rank</source>
        <translation>Cosseno previsto por posto</translation>
    </message>
    <message>
        <source>Left and right arrow keys change the rank of the selected layers</source>
        <translation>As setas para a esquerda e a direita mudam o posto das camadas selecionadas</translation>
    </message>
    <message>
        <source>%1 · %2 · %3</source>
        <translation>%1 · %2 · %3</translation>
    </message>
    <message>
        <source>break-even</source>
        <translation>equilíbrio</translation>
    </message>
    <message>
        <source>Gavish–Donoho</source>
        <translation>Gavish–Donoho</translation>
    </message>
    <message>
        <source>random matrix of this norm</source>
        <translation>matriz aleatória desta norma</translation>
    </message>
    <message>
        <source>Select a layer in the table</source>
        <translation>Selecione uma camada na tabela</translation>
    </message>
    <message>
        <source>Computing the spectrum…</source>
        <translation>Calculando o espectro…</translation>
    </message>
    <message>
        <source>noise edge</source>
        <translation>borda do ruído</translation>
    </message>
    <message>
        <source>outputs</source>
        <translation>saídas</translation>
    </message>
    <message>
        <source>Running the calibration text…</source>
        <translation>Executando o texto de calibração…</translation>
    </message>
    <message>
        <source>i = %1   σ = %2   cosine %3</source>
        <translation>i = %1   σ = %2   cosseno %3</translation>
    </message>
    <message>
        <source>rank %1   cosine %2   error %3</source>
        <translation>posto %1   cosseno %2   erro %3</translation>
    </message>
    <message>
        <source>Of the layer&apos;s outputs on the calibration text (W·√C, as the method &quot;aware&quot; truncates) instead of its weights</source>
        <translation>Das saídas da camada no texto de calibração (W·√C, como o método &quot;aware&quot; trunca) em vez dos pesos</translation>
    </message>
    <message>
        <source>σ of W·√C</source>
        <translation>σ de W·√C</translation>
    </message>
    <message>
        <source>cosine of outputs, method aware</source>
        <translation>cosseno das saídas, método aware</translation>
    </message>
    <message>
        <source>i = %1   σ = %2   output cosine with method aware %3</source>
        <translation>i = %1   σ = %2   cosseno das saídas com o método aware %3</translation>
    </message>
    <message>
        <source>rank %1   with method aware: output cosine %2, error %3</source>
        <translation>posto %1   com o método aware: cosseno das saídas %2, erro %3</translation>
    </message>
    <message>
        <source>%1   cosine %2, measured</source>
        <translation>%1   cosseno %2, medido</translation>
    </message>
    <message>
        <source>%1   cosine not measured yet</source>
        <translation>%1   cosseno ainda não medido</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::Document</name>
    <message numerus="yes">
        <source>%n layers</source>
        <translation>
            <numerusform>%n camada</numerusform>
            <numerusform>%n camadas</numerusform>
        </translation>
    </message>
    <message>
        <source>Rank %1 for %2</source>
        <translation>Posto %1 para %2</translation>
    </message>
    <message>
        <source>Keep %1 dense</source>
        <translation>Manter %1 densa</translation>
    </message>
    <message numerus="yes">
        <source>Back to the rules for %n layer(s)</source>
        <translation>
            <numerusform>%n camada de volta às regras</numerusform>
            <numerusform>%n camadas de volta às regras</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Pin %n layer(s)</source>
        <translation>
            <numerusform>Fixar %n camada</numerusform>
            <numerusform>Fixar %n camadas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Unpin %n layer(s)</source>
        <translation>
            <numerusform>Soltar %n camada</numerusform>
            <numerusform>Soltar %n camadas</numerusform>
        </translation>
    </message>
    <message>
        <source>Load plan %1</source>
        <translation>Carregar o plano %1</translation>
    </message>
    <message>
        <source>Spectra</source>
        <translation>Espectros</translation>
    </message>
    <message numerus="yes">
        <source>Your plan and %n result(s) of the last session are back.</source>
        <translation>
            <numerusform>Seu plano e %n resultado da última sessão estão de volta.</numerusform>
            <numerusform>Seu plano e %n resultados da última sessão estão de volta.</numerusform>
        </translation>
    </message>
    <message>
        <source>Your plan of the last session is back.</source>
        <translation>Seu plano da última sessão está de volta.</translation>
    </message>
    <message>
        <source>Compression</source>
        <translation>Compressão</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Exportar</translation>
    </message>
    <message numerus="yes">
        <source>%n layer(s) compressed and measured.</source>
        <translation>
            <numerusform>%n camada comprimida e medida.</numerusform>
            <numerusform>%n camadas comprimidas e medidas.</numerusform>
        </translation>
    </message>
    <message>
        <source>Stopped. What is finished is kept; Compress goes on from there.</source>
        <translation>Parado. O que está concluído é mantido; Comprimir continua dali.</translation>
    </message>
    <message numerus="yes">
        <source>%1 base for %n layer(s)</source>
        <translation>
            <numerusform>Base %1 para %n camada</numerusform>
            <numerusform>Base %1 para %n camadas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>No base for %n layer(s)</source>
        <translation>
            <numerusform>Sem base para %n camada</numerusform>
            <numerusform>Sem base para %n camadas</numerusform>
        </translation>
    </message>
    <message>
        <source>Calibration</source>
        <translation>Calibração</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Salvar</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>Relatório</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::EvaluateControls</name>
    <message>
        <source>Con&amp;trols</source>
        <translation>Con&amp;troles</translation>
    </message>
    <message>
        <source>Sp&amp;eed</source>
        <translation>V&amp;elocidade</translation>
    </message>
    <message>
        <source>&amp;Write texts</source>
        <translation>Escre&amp;ver textos</translation>
    </message>
    <message>
        <source>Evaluate</source>
        <translation>Avaliar</translation>
    </message>
    <message>
        <source>Stories that the demo never saw</source>
        <translation>Histórias que a demonstração nunca viu</translation>
    </message>
    <message>
        <source>Choose a file…</source>
        <translation>Escolher um arquivo…</translation>
    </message>
    <message>
        <source>Text that both models read: plain or .gz, records separated by lines of &lt;|endoftext|&gt;</source>
        <translation>Texto que os dois modelos leem: simples ou .gz, registros separados por linhas &lt;|endoftext|&gt;</translation>
    </message>
    <message>
        <source>Tokens of the text, at most. More make the standard errors smaller.</source>
        <translation>Tokens do texto, no máximo. Mais tokens diminuem os erros padrão.</translation>
    </message>
    <message>
        <source>Also measures the original in bf16, random factors of the same energy, and unrelated texts: without these a cosine of 0.9 means nothing</source>
        <translation>Também mede o original em bf16, fatores aleatórios de mesma energia e textos sem relação: sem isso, um cosseno de 0,9 não diz nada</translation>
    </message>
    <message>
        <source>Also measures tokens a second of the original, the compressed model and int8 factors, by turns</source>
        <translation>Também mede tokens por segundo do original, do comprimido e dos fatores int8, alternadamente</translation>
    </message>
    <message>
        <source>Also lets both continue the prompt of the page Texts</source>
        <translation>Também faz os dois continuarem o início dado na página Textos</translation>
    </message>
    <message>
        <source>Te&amp;xt</source>
        <translation>Te&amp;xto</translation>
    </message>
    <message>
        <source>To&amp;kens</source>
        <translation>To&amp;kens</translation>
    </message>
    <message>
        <source>Text to evaluate on</source>
        <translation>Texto para a avaliação</translation>
    </message>
    <message>
        <source>Texts (*.txt *.txt.gz *.gz *.md *.jsonl);;All files (*)</source>
        <translation>Textos (*.txt *.txt.gz *.gz *.md *.jsonl);;Todos os arquivos (*)</translation>
    </message>
    <message>
        <source>Runs the original and the plan on the text (F6)</source>
        <translation>Executa o original e o plano sobre o texto (F6)</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::EvaluatePage</name>
    <message>
        <source>Evaluate this plan</source>
        <translation>Avaliar este plano</translation>
    </message>
    <message>
        <source>Error by depth</source>
        <translation>Erro por profundidade</translation>
    </message>
    <message>
        <source>Comes with the first tokens</source>
        <translation>Aparece com os primeiros tokens</translation>
    </message>
    <message>
        <source>Result to look at</source>
        <translation>Resultado a mostrar</translation>
    </message>
    <message>
        <source>The plan has changed since</source>
        <translation>O plano mudou desde então</translation>
    </message>
    <message>
        <source>These figures belong to another plan. Evaluate measures the plan as it is now.</source>
        <translation>Estes números são de outro plano. Avaliar mede o plano como está agora.</translation>
    </message>
    <message>
        <source>Stop: what is measured so far is kept and shown</source>
        <translation>Parar: o que já foi medido é mantido e mostrado</translation>
    </message>
    <message>
        <source>&amp;Result</source>
        <translation>&amp;Resultado</translation>
    </message>
    <message>
        <source>All figures</source>
        <translation>Todos os números</translation>
    </message>
    <message>
        <source>Whole model</source>
        <translation>Modelo inteiro</translation>
    </message>
    <message>
        <source>Texts</source>
        <translation>Textos</translation>
    </message>
    <message>
        <source>Layers and their sum</source>
        <translation>As camadas e sua soma</translation>
    </message>
    <message>
        <source>Nothing measured yet</source>
        <translation>Nada medido ainda</translation>
    </message>
    <message>
        <source>The plan leaves every layer dense, so there is nothing to compare yet. Choose ranks on the page Layers, or take a preset from the menu Plan.</source>
        <translation>O plano deixa todas as camadas densas; ainda não há o que comparar. Escolha postos na página Camadas ou uma predefinição no menu Plano.</translation>
    </message>
    <message>
        <source>Nothing was measured yet. &lt;b&gt;Evaluate&lt;/b&gt; runs the original and the compressed model on the same text and says what the plan costs: perplexity, KL, what both write, and what those numbers are worth. Layers that are not compressed yet are compressed on the way.</source>
        <translation>Nada foi medido ainda. &lt;b&gt;Avaliar&lt;/b&gt; executa o original e o modelo comprimido sobre o mesmo texto e diz quanto o plano custa: perplexidade, KL, o que os dois escrevem e quanto valem esses números. Camadas ainda não comprimidas são comprimidas no caminho.</translation>
    </message>
    <message>
        <source>First: %1</source>
        <translation>Antes: %1</translation>
    </message>
    <message>
        <source>Details of the result</source>
        <translation>Detalhes do resultado</translation>
    </message>
    <message>
        <source>How KL is spread over the positions</source>
        <translation>Como a KL se distribui pelas posições</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::EvaluateStudy</name>
    <message>
        <source>Layers that hurt most alone</source>
        <translation>Camadas que mais prejudicam sozinhas</translation>
    </message>
    <message>
        <source>N layers together</source>
        <translation>N camadas juntas</translation>
    </message>
    <message>
        <source>Run the study</source>
        <translation>Fazer o estudo</translation>
    </message>
    <message>
        <source>What is shown of each layer alone</source>
        <translation>O que se mostra de cada camada sozinha</translation>
    </message>
    <message>
        <source>Bars</source>
        <translation>Barras</translation>
    </message>
    <message>
        <source>The worst layers as bars, else all as a map of blocks and roles</source>
        <translation>As piores camadas em barras; senão, todas em um mapa de blocos e papéis</translation>
    </message>
    <message>
        <source>The model runs once for each layer and each draw: a few thousand tokens tell enough</source>
        <translation>O modelo é executado uma vez por camada e por sorteio: alguns milhares de tokens bastam</translation>
    </message>
    <message>
        <source>Random choices of layers for each N</source>
        <translation>Escolhas aleatórias de camadas para cada N</translation>
    </message>
    <message>
        <source>What the study says</source>
        <translation>O que o estudo diz</translation>
    </message>
    <message>
        <source>T&amp;okens</source>
        <translation>T&amp;okens</translation>
    </message>
    <message>
        <source>&amp;Draws</source>
        <translation>&amp;Sorteios</translation>
    </message>
    <message>
        <source>See&amp;d</source>
        <translation>Semente (&amp;D)</translation>
    </message>
    <message>
        <source>Compresses each layer alone, then N together, and measures what the model&apos;s output loses</source>
        <translation>Comprime cada camada sozinha, depois N juntas, e mede o que a saída do modelo perde</translation>
    </message>
    <message>
        <source>Comes when each layer alone is measured</source>
        <translation>Aparece quando cada camada tiver sido medida sozinha</translation>
    </message>
    <message>
        <source>How does the error grow with the number of compressed layers? The study draws N layers at random and compares what it measures with three simple laws.</source>
        <translation>Como o erro cresce com o número de camadas comprimidas? O estudo sorteia N camadas e compara o que mede com três leis simples.</translation>
    </message>
    <message>
        <source>One layer alone costs an error of %1 on average, on the text so far.</source>
        <translation>Uma camada sozinha custa em média um erro de %1, no texto lido até aqui.</translation>
    </message>
    <message>
        <source>Measuring each layer alone…</source>
        <translation>Medindo cada camada sozinha…</translation>
    </message>
    <message>
        <source>What does each layer cost alone? &lt;b&gt;Run the study&lt;/b&gt; compresses the plan&apos;s layers one at a time and measures the whole model&apos;s output.</source>
        <translation>Quanto custa cada camada sozinha? &lt;b&gt;Fazer o estudo&lt;/b&gt; comprime as camadas do plano uma a uma e mede a saída do modelo inteiro.</translation>
    </message>
    <message>
        <source>N layers together: the error grows as N^%1 ± %2</source>
        <translation>N camadas juntas: o erro cresce como N^%1 ± %2</translation>
    </message>
    <message>
        <source>Dashed: what the error ε of one layer would become if errors averaged out (ε/√N), stayed (ε) or added up independently (ε·√N). Circles are single draws, discs their means, the line the fit.</source>
        <translation>Tracejado: o que o erro ε de uma camada se tornaria se os erros se cancelassem (ε/√N), ficassem iguais (ε) ou se somassem de forma independente (ε·√N). Círculos são sorteios, discos as médias, a linha o ajuste.</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::EvaluateTexts</name>
    <message>
        <source>%1 tokens%2 · distinct 1/2/3-grams %3 / %4 / %5 · repeated 4-grams %6 · longest repeat %7 tokens</source>
        <translation>%1 tokens%2 · 1/2/3-gramas distintos %3 / %4 / %5 · 4-gramas repetidos %6 · maior repetição %7 tokens</translation>
    </message>
    <message>
        <source>, ended by itself</source>
        <translation>, terminou sozinho</translation>
    </message>
    <message>
        <source>‹end›</source>
        <translation>‹fim›</translation>
    </message>
    <message>
        <source>Write both</source>
        <translation>Escrever os dois</translation>
    </message>
    <message>
        <source>Text of the original</source>
        <translation>Texto do original</translation>
    </message>
    <message>
        <source>Text of the compressed model</source>
        <translation>Texto do modelo comprimido</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>Início</translation>
    </message>
    <message>
        <source>What both texts begin with</source>
        <translation>Com que os dois textos começam</translation>
    </message>
    <message>
        <source>Tokens to write, at most</source>
        <translation>Tokens a escrever, no máximo</translation>
    </message>
    <message>
        <source>greedy</source>
        <translation>guloso</translation>
    </message>
    <message>
        <source>0 always takes the likeliest token (greedy); more draws at random, wilder as it grows</source>
        <translation>0 toma sempre o token mais provável (guloso); mais que isso sorteia, com mais variedade quanto maior</translation>
    </message>
    <message>
        <source>Draws only among the likeliest tokens that have this probability together</source>
        <translation>Sorteia só entre os tokens mais prováveis que somam esta probabilidade</translation>
    </message>
    <message>
        <source>The same seed draws the same text again</source>
        <translation>A mesma semente sorteia o mesmo texto de novo</translation>
    </message>
    <message>
        <source>&amp;Prompt</source>
        <translation>&amp;Início</translation>
    </message>
    <message>
        <source>T&amp;okens</source>
        <translation>T&amp;okens</translation>
    </message>
    <message>
        <source>Te&amp;mperature</source>
        <translation>Te&amp;mperatura</translation>
    </message>
    <message>
        <source>Top &amp;p</source>
        <translation>Top &amp;p</translation>
    </message>
    <message>
        <source>See&amp;d</source>
        <translation>Semente (&amp;D)</translation>
    </message>
    <message>
        <source>Lets the original and the compressed model continue the prompt</source>
        <translation>Faz o original e o modelo comprimido continuarem o início</translation>
    </message>
    <message>
        <source>Nothing written under this plan yet. &lt;b&gt;Write both&lt;/b&gt; lets the original and the compressed model continue the prompt.</source>
        <translation>Nada escrito com este plano ainda. &lt;b&gt;Escrever os dois&lt;/b&gt; faz o original e o modelo comprimido continuarem o início.</translation>
    </message>
    <message>
        <source>Original</source>
        <translation>Original</translation>
    </message>
    <message>
        <source>Compressed</source>
        <translation>Comprimido</translation>
    </message>
    <message>
        <source>Writing…</source>
        <translation>Escrevendo…</translation>
    </message>
    <message>
        <source>temperature %1, top p %2, seed %3</source>
        <translation>temperatura %1, top p %2, semente %3</translation>
    </message>
    <message>
        <source>The texts part at token %1 (%2).</source>
        <translation>Os textos se separam no token %1 (%2).</translation>
    </message>
    <message>
        <source>Both texts are the same (%1).</source>
        <translation>Os dois textos são iguais (%1).</translation>
    </message>
    <message>
        <source>Original: %1</source>
        <translation>Original: %1</translation>
    </message>
    <message>
        <source>Compressed: %1</source>
        <translation>Comprimido: %1</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::Evaluations</name>
    <message>
        <source>Evaluation</source>
        <translation>Avaliação</translation>
    </message>
    <message>
        <source>Study</source>
        <translation>Estudo</translation>
    </message>
    <message>
        <source>Texts</source>
        <translation>Textos</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::FileActions</name>
    <message>
        <source>%1 · %2</source>
        <translation>%1 · %2</translation>
    </message>
    <message>
        <source>Open model or run file</source>
        <translation>Abrir modelo ou arquivo de execução</translation>
    </message>
    <message>
        <source>Models and runs (*.safetensors *.index.json *.h5);;All files (*)</source>
        <translation>Modelos e execuções (*.safetensors *.index.json *.h5);;Todos os arquivos (*)</translation>
    </message>
    <message>
        <source>Open model folder</source>
        <translation>Abrir pasta de modelo</translation>
    </message>
    <message>
        <source>Save run</source>
        <translation>Salvar execução</translation>
    </message>
    <message>
        <source>Run files (*.h5)</source>
        <translation>Arquivos de execução (*.h5)</translation>
    </message>
    <message>
        <source>Saved %1. What follows is saved there at once.</source>
        <translation>%1 foi salvo. O que vier depois é salvo ali imediatamente.</translation>
    </message>
    <message>
        <source>Export dense model (%1 needed): name a new folder</source>
        <translation>Exportar modelo denso (requer %1): dê nome a uma pasta nova</translation>
    </message>
    <message>
        <source>Export factored model (%1 needed): name a new folder</source>
        <translation>Exportar modelo fatorado (requer %1): dê nome a uma pasta nova</translation>
    </message>
    <message>
        <source>Folders (*)</source>
        <translation>Pastas (*)</translation>
    </message>
    <message>
        <source>Export model</source>
        <translation>Exportar modelo</translation>
    </message>
    <message>
        <source>%1 is not empty. Replace it? Only an earlier export is ever replaced.</source>
        <translation>%1 não está vazia. Substituir? Só uma exportação anterior é substituída.</translation>
    </message>
    <message>
        <source>The export needs %1, but the disk of %2 has only %3 left.</source>
        <translation>A exportação requer %1, mas o disco de %2 só tem %3 livres.</translation>
    </message>
    <message>
        <source>Free some space or choose another disk.</source>
        <translation>Libere espaço ou escolha outro disco.</translation>
    </message>
    <message>
        <source>Write report</source>
        <translation>Gravar relatório</translation>
    </message>
    <message>
        <source>Reports (*.html *.md *.csv)</source>
        <translation>Relatórios (*.html *.md *.csv)</translation>
    </message>
    <message>
        <source>The report is in %1</source>
        <translation>O relatório está em %1</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Mostrar</translation>
    </message>
    <message>
        <source>Save plan</source>
        <translation>Salvar plano</translation>
    </message>
    <message>
        <source>Plan files (*.json)</source>
        <translation>Arquivos de plano (*.json)</translation>
    </message>
    <message>
        <source>Plan saved as %1</source>
        <translation>Plano salvo como %1</translation>
    </message>
    <message>
        <source>Load plan</source>
        <translation>Carregar plano</translation>
    </message>
    <message>
        <source>Plan files (*.json);;All files (*)</source>
        <translation>Arquivos de plano (*.json);;Todos os arquivos (*)</translation>
    </message>
    <message>
        <source>The demo model did not come with this installation.</source>
        <translation>O modelo de demonstração não veio com esta instalação.</translation>
    </message>
    <message>
        <source>Open a model of your own instead.</source>
        <translation>Abra um modelo seu.</translation>
    </message>
    <message>
        <source>The model is in %1, re-read and checked.</source>
        <translation>O modelo está em %1, relido e conferido.</translation>
    </message>
    <message>
        <source>%1 is still running. Stop it and close?</source>
        <translation>%1 ainda está em andamento. Parar e fechar?</translation>
    </message>
    <message numerus="yes">
        <source>%n jobs are not finished: %1. Stop them and close?</source>
        <translation>
            <numerusform>%n tarefa não terminou: %1. Parar e fechar?</numerusform>
            <numerusform>%n tarefas não terminaram: %1. Parar e fechar?</numerusform>
        </translation>
    </message>
    <message>
        <source>Rankscope</source>
        <translation>Rankscope</translation>
    </message>
    <message>
        <source>What is finished is kept, and the next start goes on from there.</source>
        <translation>O que está pronto é conservado, e a próxima execução continua dali.</translation>
    </message>
    <message>
        <source>Stop and close</source>
        <translation>Parar e fechar</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>Continuar</translation>
    </message>
    <message>
        <source>The model of %1 is no longer at %2.</source>
        <translation>O modelo de %1 não está mais em %2.</translation>
    </message>
    <message>
        <source>Say where it is now: its contents are compared before anything is used.</source>
        <translation>Diga onde ele está agora: o conteúdo é comparado antes que algo seja usado.</translation>
    </message>
    <message>
        <source>Locate the model…</source>
        <translation>Localizar o modelo…</translation>
    </message>
    <message>
        <source>Where is the model now?</source>
        <translation>Onde está o modelo agora?</translation>
    </message>
    <message>
        <source>Model files (*.safetensors *.index.json config.json);;All files (*)</source>
        <translation>Arquivos de modelo (*.safetensors *.index.json config.json);;Todos os arquivos (*)</translation>
    </message>
    <message>
        <source>Rankscope did not end properly last time, with %1 open.</source>
        <translation>O Rankscope não terminou normalmente da última vez, com %1 aberto.</translation>
    </message>
    <message>
        <source>Plan, snapshots and all finished results are kept.</source>
        <translation>O plano, os instantâneos e todos os resultados prontos foram conservados.</translation>
    </message>
    <message>
        <source>Open it again</source>
        <translation>Abrir de novo</translation>
    </message>
    <message>
        <source>Opening %1…</source>
        <translation>Abrindo %1…</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Cancelar</translation>
    </message>
    <message>
        <source>%1 is open in another window, or a command works on it. What you do in this window is not kept.</source>
        <translation>%1 está aberto em outra janela, ou um comando trabalha nele. O que você fizer nesta janela não será guardado.</translation>
    </message>
    <message>
        <source>To keep it, save to a run file of its own; or close the other window and open the model again.</source>
        <translation>Para guardar, salve em um arquivo de execução próprio; ou feche a outra janela e abra o modelo de novo.</translation>
    </message>
    <message>
        <source>Save run as…</source>
        <translation>Salvar execução como…</translation>
    </message>
    <message>
        <source>%1. What you do in this window is not kept.</source>
        <translation>%1. O que você fizer nesta janela não é guardado.</translation>
    </message>
    <message>
        <source>To keep it, save the run somewhere else.</source>
        <translation>Para guardá-lo, salve a execução em outro lugar.</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::Help</name>
    <message>
        <source>Help</source>
        <translation>Ajuda</translation>
    </message>
    <message>
        <source>Help pages</source>
        <translation>Páginas de ajuda</translation>
    </message>
    <message>
        <source>Help text</source>
        <translation>Texto da ajuda</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::JobRow</name>
    <message>
        <source>Progress</source>
        <translation>Progresso</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Cancelar</translation>
    </message>
    <message>
        <source>Cancel: what is finished is kept</source>
        <translation>Cancelar: o que está pronto é mantido</translation>
    </message>
    <message>
        <source>%1 left</source>
        <translation>faltam %1</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::JobsPanel</name>
    <message>
        <source>waiting</source>
        <translation>esperando</translation>
    </message>
    <message>
        <source>done</source>
        <translation>concluído</translation>
    </message>
    <message>
        <source>cancelled</source>
        <translation>cancelado</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>falhou</translation>
    </message>
    <message>
        <source>%1 left</source>
        <translation>faltam %1</translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation>%1 s</translation>
    </message>
    <message>
        <source>Cancel job</source>
        <translation>Cancelar tarefa</translation>
    </message>
    <message>
        <source>Job</source>
        <translation>Tarefa</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Estado</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Tempo</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Mensagem</translation>
    </message>
    <message>
        <source>Jobs</source>
        <translation>Tarefas</translation>
    </message>
    <message>
        <source>What is finished is kept</source>
        <translation>O que está concluído é mantido</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::LayerGroups</name>
    <message>
        <source>no block</source>
        <translation>sem bloco</translation>
    </message>
    <message>
        <source>block %1</source>
        <translation>bloco %1</translation>
    </message>
    <message numerus="yes">
        <source>%1 · %n layer(s)</source>
        <translation>
            <numerusform>%1 · %n camada</numerusform>
            <numerusform>%1 · %n camadas</numerusform>
        </translation>
    </message>
    <message>
        <source>Mean of the predicted cosines of the layers that get factors</source>
        <translation>Média dos cossenos previstos das camadas que recebem fatores</translation>
    </message>
    <message>
        <source>Mean of the measured cosines, once all are measured</source>
        <translation>Média dos cossenos medidos, quando todos estiverem medidos</translation>
    </message>
    <message>
        <source>Sum over the group</source>
        <translation>Soma do grupo</translation>
    </message>
    <message>
        <source>Ranks of the layers that get factors. Type one to give it to every layer of the group.</source>
        <translation>Postos das camadas que recebem fatores. Digite um para dá-lo a todas as camadas do grupo.</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::LayerTableModel</name>
    <message>
        <source>error</source>
        <translation>erro</translation>
    </message>
    <message>
        <source>%1 ?</source>
        <translation>%1 ?</translation>
    </message>
    <message>
        <source>%1 (factored)</source>
        <translation>%1 (fatorada)</translation>
    </message>
    <message>
        <source>Also used as %1 (tied)</source>
        <translation>Também usada como %1 (compartilhada)</translation>
    </message>
    <message>
        <source>Guessed from the name: the model&apos;s family is not known</source>
        <translation>Deduzido do nome: a família do modelo não é conhecida</translation>
    </message>
    <message>
        <source>Break-even at rank %1: from there on two factors are larger than the matrix</source>
        <translation>Equilíbrio no posto %1: a partir daí os dois fatores são maiores que a matriz</translation>
    </message>
    <message>
        <source>From the measured cosine</source>
        <translation>Pelo cosseno medido</translation>
    </message>
    <message>
        <source>From the predicted cosine</source>
        <translation>Pelo cosseno previsto</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>Camada</translation>
    </message>
    <message>
        <source>The tensor&apos;s name, without what all names share. Sorting by it gives the model&apos;s order.</source>
        <translation>O nome do tensor, sem o que todos os nomes têm em comum. Ordenar por ele dá a ordem do modelo.</translation>
    </message>
    <message>
        <source>Role</source>
        <translation>Papel</translation>
    </message>
    <message>
        <source>What the matrix does in the transformer</source>
        <translation>O que a matriz faz no transformer</translation>
    </message>
    <message>
        <source>Block</source>
        <translation>Bloco</translation>
    </message>
    <message>
        <source>Number of the transformer block</source>
        <translation>Número do bloco do transformer</translation>
    </message>
    <message>
        <source>Shape</source>
        <translation>Forma</translation>
    </message>
    <message>
        <source>Rows × columns as stored; sorts by the number of parameters</source>
        <translation>Linhas × colunas como armazenadas; ordena pelo número de parâmetros</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>Tipo</translation>
    </message>
    <message>
        <source>Number format in the checkpoint</source>
        <translation>Formato numérico no checkpoint</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Tamanho</translation>
    </message>
    <message>
        <source>Bytes in the checkpoint</source>
        <translation>Bytes no checkpoint</translation>
    </message>
    <message>
        <source>Rank</source>
        <translation>Posto</translation>
    </message>
    <message>
        <source>Rank of the two factors, or dense. Type a number, or d for dense; ← and → step.</source>
        <translation>Posto dos dois fatores, ou densa. Digite um número, ou d para densa; ← e → andam um passo.</translation>
    </message>
    <message>
        <source>≈ Cosine</source>
        <translation>≈ Cosseno</translation>
    </message>
    <message>
        <source>Predicted for exact truncation: √(Σ of the kept σ² / Σ of all σ²). Rounding of the factors comes on top: see the measured cosine.</source>
        <translation>Previsto para o truncamento exato: √(Σ dos σ² mantidos / Σ de todos os σ²). O arredondamento dos fatores vem por cima: veja o cosseno medido.</translation>
    </message>
    <message>
        <source>≈ Error</source>
        <translation>≈ Erro</translation>
    </message>
    <message>
        <source>Predicted relative error ‖W − W_r‖ / ‖W‖ = √(1 − cosine²)</source>
        <translation>Erro relativo previsto ‖W − W_r‖ / ‖W‖ = √(1 − cosseno²)</translation>
    </message>
    <message>
        <source>Cosine</source>
        <translation>Cosseno</translation>
    </message>
    <message>
        <source>Measured between the matrix and its factors as stored; struck out where the plan has changed since</source>
        <translation>Medido entre a matriz e seus fatores como armazenados; riscado onde o plano mudou desde então</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>Erro</translation>
    </message>
    <message>
        <source>Measured relative error ‖W − A·B‖ / ‖W‖ of the factors as stored</source>
        <translation>Erro relativo medido ‖W − A·B‖ / ‖W‖ dos fatores como armazenados</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>Veredito</translation>
    </message>
    <message>
        <source>By the measured cosine where there is one, else by the predicted</source>
        <translation>Pelo cosseno medido onde houver, senão pelo previsto</translation>
    </message>
    <message>
        <source>After</source>
        <translation>Depois</translation>
    </message>
    <message>
        <source>Bytes of the factors as written, scales included, or of the dense matrix</source>
        <translation>Bytes dos fatores como gravados, com as escalas, ou da matriz densa</translation>
    </message>
    <message>
        <source>%1 (stored)</source>
        <translation>%1 (gravado)</translation>
    </message>
    <message>
        <source>Measured for %1, before the plan changed. Compress again to measure the plan as it is now.</source>
        <translation>Medido para %1, antes de o plano mudar. Comprima de novo para medir o plano atual.</translation>
    </message>
    <message>
        <source>Between the matrix and its factors as stored, rounding included</source>
        <translation>Entre a matriz e os seus fatores como gravados, arredondamento incluído</translation>
    </message>
    <message>
        <source>√(Σσ² of the first %1 / Σσ² of all %2) = %3</source>
        <translation>√(Σσ² dos primeiros %1 / Σσ² de todos os %2) = %3</translation>
    </message>
    <message>
        <source>Predicted, for exact truncation</source>
        <translation>Previsto, para o truncamento exato</translation>
    </message>
    <message>
        <source>√(1 − cosine²), with the cosine %1</source>
        <translation>√(1 − cosseno²), com o cosseno %1</translation>
    </message>
    <message>
        <source>Dense: %1 × %2 numbers as they are in the checkpoint</source>
        <translation>Densa: %1 × %2 números como estão no checkpoint</translation>
    </message>
    <message>
        <source>Rank %1 × (%2 + %3) numbers as %4, scales included; dense it has %5</source>
        <translation>Posto %1 × (%2 + %3) números como %4, escalas incluídas; densa tem %5</translation>
    </message>
    <message>
        <source>%1 numbers</source>
        <translation>%1 números</translation>
    </message>
    <message>
        <source>What %1 keeps of the weights cannot be predicted from the spectrum: Compress measures it</source>
        <translation>O que %1 mantém dos pesos não se prevê pelo espectro: Comprimir o mede</translation>
    </message>
    <message>
        <source>Larger than the matrix as it is (%1): a smaller rank, or dense, would save</source>
        <translation>Maior que a matriz como ela é (%1): um posto menor, ou densa, pouparia</translation>
    </message>
    <message>
        <source>Compress measures it where the layer&apos;s method is fitted to a text</source>
        <translation>Comprimir o mede onde o método da camada é ajustado a um texto</translation>
    </message>
    <message>
        <source>Output cosine</source>
        <translation>Cosseno da saída</translation>
    </message>
    <message>
        <source>Measured between what the matrix and what its compressed form put out on the calibration text; struck out where the plan has changed since</source>
        <translation>Medido entre o que a matriz e o que sua forma comprimida produzem no texto de calibração; riscado onde o plano mudou desde então</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::LayersPanel</name>
    <message>
        <source>Columns</source>
        <translation>Colunas</translation>
    </message>
    <message>
        <source>Filter: words, /regex/, block:0-3</source>
        <translation>Filtro: palavras, /regex/, block:0-3</translation>
    </message>
    <message>
        <source>Words must all occur in the name or role; /…/ is a regular expression; block:2 or block:0-3 picks blocks</source>
        <translation>Todas as palavras devem ocorrer no nome ou no papel; /…/ é uma expressão regular; block:2 ou block:0-3 escolhe blocos</translation>
    </message>
    <message>
        <source>Filter layers</source>
        <translation>Filtrar camadas</translation>
    </message>
    <message>
        <source>Show role</source>
        <translation>Mostrar papel</translation>
    </message>
    <message>
        <source>Show verdict</source>
        <translation>Mostrar veredito</translation>
    </message>
    <message>
        <source>All verdicts</source>
        <translation>Todos os vereditos</translation>
    </message>
    <message>
        <source>All roles</source>
        <translation>Todos os papéis</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>Camadas</translation>
    </message>
    <message>
        <source>Regular expression: %1</source>
        <translation>Expressão regular: %1</translation>
    </message>
    <message numerus="yes">
        <source>%n layer(s)</source>
        <translation>
            <numerusform>%n camada</numerusform>
            <numerusform>%n camadas</numerusform>
        </translation>
    </message>
    <message>
        <source>No layer matches: clear the filter to see all %1</source>
        <translation>Nenhuma camada corresponde: limpe o filtro para ver todas as %1</translation>
    </message>
    <message>
        <source>%1 of %2 layers</source>
        <translation>%1 de %2 camadas</translation>
    </message>
    <message>
        <source>Rank %1 for %2</source>
        <translation>Posto %1 para %2</translation>
    </message>
    <message numerus="yes">
        <source>Step the rank of %n layers</source>
        <translation>
            <numerusform>Mudar o posto de %n camada</numerusform>
            <numerusform>Mudar o posto de %n camadas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Half of break-even for %n layer(s)</source>
        <translation>
            <numerusform>Metade do equilíbrio para %n camada</numerusform>
            <numerusform>Metade do equilíbrio para %n camadas</numerusform>
        </translation>
    </message>
    <message>
        <source>Group layers</source>
        <translation>Agrupar camadas</translation>
    </message>
    <message>
        <source>Not grouped</source>
        <translation>Sem grupos</translation>
    </message>
    <message>
        <source>By block</source>
        <translation>Por bloco</translation>
    </message>
    <message>
        <source>By role</source>
        <translation>Por papel</translation>
    </message>
    <message>
        <source>Groups show sums; selecting one selects its layers, and + and − open and close it</source>
        <translation>Os grupos mostram somas; selecionar um seleciona as suas camadas, e + e − o abrem e fecham</translation>
    </message>
    <message>
        <source>Diagnostics</source>
        <translation>Diagnósticos</translation>
    </message>
    <message>
        <source>Show all</source>
        <translation>Mostrar todas</translation>
    </message>
    <message>
        <source>Hide all</source>
        <translation>Ocultar todas</translation>
    </message>
    <message>
        <source>Usual columns</source>
        <translation>Colunas habituais</translation>
    </message>
    <message>
        <source>Names of layers</source>
        <translation>Nomes das camadas</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::MainWindow</name>
    <message>
        <source>Start over</source>
        <translation>Recomeçar</translation>
    </message>
    <message>
        <source>Spectrum</source>
        <translation>Espectro</translation>
    </message>
    <message>
        <source>Map</source>
        <translation>Mapa</translation>
    </message>
    <message>
        <source>Trade-off</source>
        <translation>Compromisso</translation>
    </message>
    <message>
        <source>Snapshots</source>
        <translation>Instantâneos</translation>
    </message>
    <message>
        <source>As opened</source>
        <translation>Como aberto</translation>
    </message>
    <message>
        <source>History of the plan</source>
        <translation>Histórico do plano</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Histórico</translation>
    </message>
    <message>
        <source>Jobs</source>
        <translation>Tarefas</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Plano</translation>
    </message>
    <message>
        <source>Spectrum · %1</source>
        <translation>Espectro · %1</translation>
    </message>
    <message>
        <source>Main tools</source>
        <translation>Ferramentas principais</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Arquivo</translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation>&amp;Abrir…</translation>
    </message>
    <message>
        <source>Open &amp;folder…</source>
        <translation>Abrir &amp;pasta…</translation>
    </message>
    <message>
        <source>Ctrl+Shift+O</source>
        <translation>Ctrl+Shift+O</translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation>Abrir &amp;recentes</translation>
    </message>
    <message>
        <source>Open &amp;demo</source>
        <translation>Abrir a &amp;demonstração</translation>
    </message>
    <message>
        <source>&amp;Save run</source>
        <translation>&amp;Salvar execução</translation>
    </message>
    <message>
        <source>Save run &amp;as…</source>
        <translation>Salvar execução &amp;como…</translation>
    </message>
    <message>
        <source>&amp;Export factored model…</source>
        <translation>&amp;Exportar modelo fatorado…</translation>
    </message>
    <message>
        <source>Ctrl+E</source>
        <translation>Ctrl+E</translation>
    </message>
    <message>
        <source>Export de&amp;nse model…</source>
        <translation>Exportar modelo de&amp;nso…</translation>
    </message>
    <message>
        <source>Ctrl+Shift+E</source>
        <translation>Ctrl+Shift+E</translation>
    </message>
    <message>
        <source>Write re&amp;port…</source>
        <translation>&amp;Gravar relatório…</translation>
    </message>
    <message>
        <source>Ctrl+R</source>
        <translation>Ctrl+R</translation>
    </message>
    <message>
        <source>&amp;Close model</source>
        <translation>&amp;Fechar modelo</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>Sai&amp;r</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Editar</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Desfazer</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>Refazer</translation>
    </message>
    <message>
        <source>Ctrl+Y</source>
        <translation>Ctrl+Y</translation>
    </message>
    <message>
        <source>&amp;Copy rows</source>
        <translation>&amp;Copiar linhas</translation>
    </message>
    <message>
        <source>Copy rows as &amp;Markdown</source>
        <translation>Copiar linhas como &amp;Markdown</translation>
    </message>
    <message>
        <source>Ctrl+Shift+C</source>
        <translation>Ctrl+Shift+C</translation>
    </message>
    <message>
        <source>P&amp;references…</source>
        <translation>P&amp;referências…</translation>
    </message>
    <message>
        <source>Find a co&amp;mmand…</source>
        <translation>&amp;Procurar comando…</translation>
    </message>
    <message>
        <source>Ctrl+K</source>
        <translation>Ctrl+K</translation>
    </message>
    <message>
        <source>&amp;Filter layers</source>
        <translation>&amp;Filtrar camadas</translation>
    </message>
    <message>
        <source>&amp;Plan</source>
        <translation>&amp;Plano</translation>
    </message>
    <message>
        <source>&amp;Preset</source>
        <translation>&amp;Predefinição</translation>
    </message>
    <message>
        <source>Uniform, %1 % of full rank</source>
        <translation>Uniforme, %1 % do posto máximo</translation>
    </message>
    <message>
        <source>Selective: MLP, first and last block dense</source>
        <translation>Seletiva: MLP, primeiro e último blocos densos</translation>
    </message>
    <message>
        <source>Hybrid: MLP dense, ranks by role</source>
        <translation>Híbrida: MLP densa, postos por papel</translation>
    </message>
    <message>
        <source>&amp;Budget</source>
        <translation>&amp;Orçamento</translation>
    </message>
    <message>
        <source>Keep %1 % of the linears&apos; bytes</source>
        <translation>Manter %1 % dos bytes das lineares</translation>
    </message>
    <message>
        <source>&amp;Everything dense</source>
        <translation>&amp;Tudo denso</translation>
    </message>
    <message>
        <source>&amp;Selected layers</source>
        <translation>Camadas &amp;selecionadas</translation>
    </message>
    <message>
        <source>Between 0 and 1:</source>
        <translation>Entre 0 e 1:</translation>
    </message>
    <message>
        <source>Set to &amp;cosine…</source>
        <translation>Ajustar ao &amp;cosseno…</translation>
    </message>
    <message>
        <source>Ctrl+Shift+K</source>
        <translation>Ctrl+Shift+K</translation>
    </message>
    <message>
        <source>Smallest rank that reaches a cosine</source>
        <translation>Menor posto que atinge um cosseno</translation>
    </message>
    <message>
        <source>Set to &amp;energy…</source>
        <translation>Ajustar à &amp;energia…</translation>
    </message>
    <message>
        <source>Smallest rank that keeps a share of the energy</source>
        <translation>Menor posto que mantém uma fração da energia</translation>
    </message>
    <message>
        <source>Copy rank to same &amp;role</source>
        <translation>Copiar o posto para o mesmo &amp;papel</translation>
    </message>
    <message>
        <source>Copy rank to same &amp;block</source>
        <translation>Copiar o posto para o mesmo &amp;bloco</translation>
    </message>
    <message>
        <source>Copy rank to all s&amp;elected</source>
        <translation>Copiar o posto para todas as s&amp;elecionadas</translation>
    </message>
    <message>
        <source>&amp;Dense, or half of break-even (D)</source>
        <translation>&amp;Densa, ou metade do equilíbrio (D)</translation>
    </message>
    <message>
        <source>&amp;Pin or unpin (P)</source>
        <translation>&amp;Fixar ou soltar (P)</translation>
    </message>
    <message>
        <source>Back to the r&amp;ules</source>
        <translation>De volta às r&amp;egras</translation>
    </message>
    <message>
        <source>S&amp;nap dragging</source>
        <translation>E&amp;ncaixar ao arrastar</translation>
    </message>
    <message>
        <source>To every rank</source>
        <translation>Em todo posto</translation>
    </message>
    <message>
        <source>To multiples of %1</source>
        <translation>Em múltiplos de %1</translation>
    </message>
    <message>
        <source>&amp;Load plan…</source>
        <translation>&amp;Carregar plano…</translation>
    </message>
    <message>
        <source>Sa&amp;ve plan…</source>
        <translation>Sal&amp;var plano…</translation>
    </message>
    <message>
        <source>&amp;Run</source>
        <translation>E&amp;xecutar</translation>
    </message>
    <message>
        <source>&amp;Compress</source>
        <translation>&amp;Comprimir</translation>
    </message>
    <message>
        <source>Ca&amp;ncel</source>
        <translation>Ca&amp;ncelar</translation>
    </message>
    <message>
        <source>Ctrl+.</source>
        <translation>Ctrl+.</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>E&amp;xibir</translation>
    </message>
    <message>
        <source>&amp;Reset layout</source>
        <translation>&amp;Redefinir disposição</translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation>&amp;Tema</translation>
    </message>
    <message>
        <source>As the &amp;desktop</source>
        <translation>Como o ambiente de &amp;trabalho</translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation>&amp;Claro</translation>
    </message>
    <message>
        <source>&amp;Dark</source>
        <translation>&amp;Escuro</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>Aj&amp;uda</translation>
    </message>
    <message>
        <source>&amp;Help on this panel</source>
        <translation>&amp;Ajuda sobre este painel</translation>
    </message>
    <message>
        <source>&amp;About Rankscope</source>
        <translation>&amp;Sobre o Rankscope</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Predefinição</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Exportar</translation>
    </message>
    <message>
        <source>Rankscope</source>
        <translation>Rankscope</translation>
    </message>
    <message>
        <source>%1 (synthetic)</source>
        <translation>%1 (sintético)</translation>
    </message>
    <message>
        <source>%1 – %2</source>
        <translation>%1 – %2</translation>
    </message>
    <message>
        <source>%1 · %2 · %3 parameters – Rankscope</source>
        <translation>%1 · %2 · %3 parâmetros – Rankscope</translation>
    </message>
    <message>
        <source>%1  (%2)</source>
        <translation>%1  (%2)</translation>
    </message>
    <message>
        <source>Nothing yet</source>
        <translation>Nada ainda</translation>
    </message>
    <message>
        <source>About Rankscope</source>
        <translation>Sobre o Rankscope</translation>
    </message>
    <message>
        <source>&lt;h3&gt;Rankscope %1&lt;/h3&gt;&lt;p&gt;Low-rank compression of transformer models: see it, choose it, measure it.&lt;/p&gt;&lt;p&gt;GPL-3.0-or-later. Built with Qt, QCustomPlot, Eigen, OpenBLAS, oneTBB and HDF5.&lt;/p&gt;</source>
        <translation>&lt;h3&gt;Rankscope %1&lt;/h3&gt;&lt;p&gt;Compressão de modelos transformer por baixo posto: veja, escolha, meça.&lt;/p&gt;&lt;p&gt;GPL-3.0-or-later. Feito com Qt, QCustomPlot, Eigen, OpenBLAS, oneTBB e HDF5.&lt;/p&gt;</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>Camadas</translation>
    </message>
    <message>
        <source>Evaluate</source>
        <translation>Avaliar</translation>
    </message>
    <message>
        <source>&amp;Evaluate</source>
        <translation>A&amp;valiar</translation>
    </message>
    <message>
        <source>&amp;Write texts side by side</source>
        <translation>Escrever &amp;textos lado a lado</translation>
    </message>
    <message>
        <source>Aggregation &amp;study</source>
        <translation>E&amp;studo da agregação</translation>
    </message>
    <message>
        <source>&amp;Quantise attention and MLP</source>
        <translation>&amp;Quantizar atenção e MLP</translation>
    </message>
    <message>
        <source>Ranks stay, as corrections of what rounding loses</source>
        <translation>Os postos ficam, como correções do que o arredondamento perde</translation>
    </message>
    <message>
        <source>Not at all</source>
        <translation>Não quantizar</translation>
    </message>
    <message>
        <source>&amp;Quantised base</source>
        <translation>Base &amp;quantizada</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Nenhuma</translation>
    </message>
    <message>
        <source>The layers</source>
        <translation>As camadas</translation>
    </message>
    <message>
        <source>Every weight matrix is a row. Select one or several: all panels follow, and what you change is changed for all that are selected. Type a number to set a rank.</source>
        <translation>Cada matriz de pesos é uma linha. Selecione uma ou várias: todos os painéis acompanham, e o que você muda vale para todas as selecionadas. Digite um número para definir um posto.</translation>
    </message>
    <message>
        <source>The spectrum</source>
        <translation>O espectro</translation>
    </message>
    <message>
        <source>Singular values tell what a rank keeps. Drag the orange line, or press ← and →. The dashed curve is what a random matrix would show.</source>
        <translation>Os valores singulares dizem o que um posto conserva. Arraste a linha laranja ou aperte ← e →. A curva tracejada é o que uma matriz aleatória mostraria.</translation>
    </message>
    <message>
        <source>The plan</source>
        <translation>O plano</translation>
    </message>
    <message>
        <source>Presets, budgets and rules decide for many layers at once. Everything can be undone with Ctrl+Z; pinned layers (P) are left alone.</source>
        <translation>Predefinições, orçamentos e regras decidem para muitas camadas de uma vez. Tudo pode ser desfeito com Ctrl+Z; camadas fixadas (P) são deixadas em paz.</translation>
    </message>
    <message>
        <source>What it costs</source>
        <translation>O que isso custa</translation>
    </message>
    <message>
        <source>Bytes before and after, mean cosine and verdicts of the plan as it is now. ≈ marks what is predicted and not yet measured.</source>
        <translation>Bytes antes e depois, cosseno médio e vereditos do plano como está agora. ≈ marca o que é previsto e ainda não foi medido.</translation>
    </message>
    <message>
        <source>Compress, evaluate, export</source>
        <translation>Comprimir, avaliar, exportar</translation>
    </message>
    <message>
        <source>Compress measures every layer in the background; then look at what the model still can do, and export it. F1 explains the panel you are in, Ctrl+K finds any command.</source>
        <translation>Comprimir mede cada camada em segundo plano; depois veja o que o modelo ainda sabe fazer e exporte-o. F1 explica o painel em que você está, Ctrl+K encontra qualquer comando.</translation>
    </message>
    <message>
        <source>&amp;Tour of the window</source>
        <translation>&amp;Passeio pela janela</translation>
    </message>
    <message>
        <source>Advise</source>
        <translation>Aconselhar</translation>
    </message>
    <message>
        <source>Ad&amp;vise</source>
        <translation>Aconse&amp;lhar</translation>
    </message>
    <message>
        <source>Cosine</source>
        <translation>Cosseno</translation>
    </message>
    <message>
        <source>Ru&amp;les</source>
        <translation>Re&amp;gras</translation>
    </message>
    <message>
        <source>&amp;Save layout…</source>
        <translation>&amp;Salvar disposição…</translation>
    </message>
    <message>
        <source>Save layout</source>
        <translation>Salvar disposição</translation>
    </message>
    <message>
        <source>Name of the layout:</source>
        <translation>Nome da disposição:</translation>
    </message>
    <message>
        <source>&amp;Delete</source>
        <translation>&amp;Excluir</translation>
    </message>
    <message>
        <source>&amp;Layouts</source>
        <translation>&amp;Disposições</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::MapPanel</name>
    <message>
        <source>What the map shows</source>
        <translation>O que o mapa mostra</translation>
    </message>
    <message>
        <source>Rank, share of the full rank</source>
        <translation>Posto, fração do posto máximo</translation>
    </message>
    <message>
        <source>Cosine, measured or predicted</source>
        <translation>Cosseno, medido ou previsto</translation>
    </message>
    <message>
        <source>Predicted cosine</source>
        <translation>Cosseno previsto</translation>
    </message>
    <message>
        <source>Measured cosine</source>
        <translation>Cosseno medido</translation>
    </message>
    <message>
        <source>Effective rank, share of the full rank</source>
        <translation>Posto efetivo, fração do posto máximo</translation>
    </message>
    <message>
        <source>Bytes after</source>
        <translation>Bytes depois</translation>
    </message>
    <message>
        <source>Colour by</source>
        <translation>Colorir por</translation>
    </message>
    <message>
        <source>≤ %1</source>
        <translation>≤ %1</translation>
    </message>
    <message>
        <source>1 (dense)</source>
        <translation>1 (densa)</translation>
    </message>
    <message>
        <source>100 % or dense</source>
        <translation>100 % ou densa</translation>
    </message>
    <message>
        <source>KL of the layer alone, by the last advice</source>
        <translation>KL da camada sozinha, pelo último conselho</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::MapView</name>
    <message>
        <source>Map of layers by block and role</source>
        <translation>Mapa das camadas por bloco e papel</translation>
    </message>
    <message>
        <source>Arrow keys move the selection, Shift extends it</source>
        <translation>As setas movem a seleção, Shift a estende</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>No layer of this model belongs to a block</source>
        <translation>Nenhuma camada deste modelo pertence a um bloco</translation>
    </message>
    <message>
        <source>%1
%2: %3</source>
        <translation>%1
%2: %3</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::MethodBox</name>
    <message>
        <source>Calibrate</source>
        <translation>Calibrar</translation>
    </message>
    <message>
        <source>plain: the weights alone</source>
        <translation>simples: só os pesos</translation>
    </message>
    <message>
        <source>aware: as a text&apos;s activations see the weights</source>
        <translation>ciente: como as ativações de um texto veem os pesos</translation>
    </message>
    <message>
        <source>Fisher: as the predictions on a text see them</source>
        <translation>Fisher: como as previsões sobre um texto os veem</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>Método</translation>
    </message>
    <message>
        <source>At the same bytes, methods fitted to a text lose several times less of the model&apos;s output than the plain truncation of the weights</source>
        <translation>Com os mesmos bytes, métodos ajustados a um texto perdem várias vezes menos da saída do modelo que o truncamento simples dos pesos</translation>
    </message>
    <message>
        <source>Stories that the demo never saw</source>
        <translation>Histórias que a demonstração nunca viu</translation>
    </message>
    <message>
        <source>Choose a file…</source>
        <translation>Escolher um arquivo…</translation>
    </message>
    <message>
        <source>Calibration text</source>
        <translation>Texto de calibração</translation>
    </message>
    <message>
        <source>Keep it apart from the text that you evaluate on: figures on the same text flatter</source>
        <translation>Mantenha-o separado do texto da avaliação: números no mesmo texto favorecem</translation>
    </message>
    <message>
        <source>Calibration tokens, at most</source>
        <translation>Tokens de calibração, no máximo</translation>
    </message>
    <message>
        <source>Runs the text through the original now; else it happens when it is needed</source>
        <translation>Passa o texto pelo original agora; senão, isso acontece quando for preciso</translation>
    </message>
    <message>
        <source>Fitted to</source>
        <translation>Ajustado a</translation>
    </message>
    <message>
        <source>Method %1</source>
        <translation>Método %1</translation>
    </message>
    <message>
        <source>Text to calibrate on</source>
        <translation>Texto para a calibração</translation>
    </message>
    <message>
        <source>Nothing of this plan is fitted to a text.</source>
        <translation>Nada neste plano é ajustado a um texto.</translation>
    </message>
    <message>
        <source>The text is read when it is needed, or now by Calibrate.</source>
        <translation>O texto é lido quando for preciso, ou agora com Calibrar.</translation>
    </message>
    <message>
        <source>Calibrated on %1 tokens: more than the widest layer has inputs.</source>
        <translation>Calibrado com %1 tokens: mais que as entradas da camada mais larga.</translation>
    </message>
    <message>
        <source>Calibrated on %1 tokens: fewer than the widest layer has inputs, more would be better.</source>
        <translation>Calibrado com %1 tokens: menos que as entradas da camada mais larga; mais seria melhor.</translation>
    </message>
    <message>
        <source>sequential: the same, each on what the layers before it give</source>
        <translation>sequencial: o mesmo, cada uma sobre o que as camadas anteriores dão</translation>
    </message>
    <message>
        <source>none</source>
        <translation>nenhum</translation>
    </message>
    <message>
        <source>Refinement steps</source>
        <translation>Passos de refinamento</translation>
    </message>
    <message>
        <source>After the layers are found, so many steps in which all of them are moved together towards what the original predicts on the text. Takes seconds a step</source>
        <translation>Achadas as camadas, tantos passos em que todas são movidas juntas em direção ao que o original prevê sobre o texto. Leva segundos por passo</translation>
    </message>
    <message numerus="yes">
        <source>%n refinement step(s)</source>
        <translation>
            <numerusform>%n passo de refinamento</numerusform>
            <numerusform>%n passos de refinamento</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rankscope::ui::OutputSpectra</name>
    <message>
        <source>Spectra of outputs</source>
        <translation>Espectros das saídas</translation>
    </message>
    <message>
        <source>No block of the forward pass has this matrix, so no text says what it is fed</source>
        <translation>Nenhum bloco da passagem direta tem esta matriz, e por isso nenhum texto diz o que ela recebe</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::PageSwitch</name>
    <message>
        <source>Pages</source>
        <translation>Páginas</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::PlanPanel</name>
    <message>
        <source>Apply</source>
        <translation>Aplicar</translation>
    </message>
    <message>
        <source>Apply %1</source>
        <translation>Aplicar %1</translation>
    </message>
    <message>
        <source>cosine</source>
        <translation>cosseno</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Predefinição</translation>
    </message>
    <message>
        <source>The same share of the full rank for every attention and MLP matrix</source>
        <translation>A mesma fração do posto máximo para toda matriz de atenção e MLP</translation>
    </message>
    <message>
        <source>Uniform, but MLP, first and last block stay dense</source>
        <translation>Uniforme, mas MLP, primeiro e último blocos ficam densos</translation>
    </message>
    <message>
        <source>MLP dense; first and last block 18.75 %, attention output 12.5 %, other attention 9.375 %</source>
        <translation>MLP densa; primeiro e último blocos 18,75 %, saída da atenção 12,5 %, demais da atenção 9,375 %</translation>
    </message>
    <message>
        <source> % of rank</source>
        <translation> % do posto</translation>
    </message>
    <message>
        <source>Share of the full rank</source>
        <translation>Fração do posto máximo</translation>
    </message>
    <message>
        <source>preset</source>
        <translation>predefinição</translation>
    </message>
    <message>
        <source>Replace the plan by this preset; pinned layers stay</source>
        <translation>Substituir o plano por esta predefinição; camadas fixadas ficam</translation>
    </message>
    <message>
        <source>Cosine for every layer</source>
        <translation>Cosseno para toda camada</translation>
    </message>
    <message>
        <source>For each layer the smallest rank that reaches this cosine; dense where that saves nothing</source>
        <translation>Para cada camada o menor posto que atinge este cosseno; densa onde isso não economiza</translation>
    </message>
    <message>
        <source>Same cosine</source>
        <translation>Mesmo cosseno</translation>
    </message>
    <message>
        <source> % of the linears&apos; bytes</source>
        <translation> % dos bytes das lineares</translation>
    </message>
    <message>
        <source>Share of bytes to keep</source>
        <translation>Fração dos bytes a manter</translation>
    </message>
    <message>
        <source>budget</source>
        <translation>orçamento</translation>
    </message>
    <message>
        <source>Share these bytes among attention and MLP matrices so that the kept relative energy is largest</source>
        <translation>Distribuir estes bytes entre as matrizes de atenção e MLP de modo que a energia relativa mantida seja a maior</translation>
    </message>
    <message>
        <source>Budget</source>
        <translation>Orçamento</translation>
    </message>
    <message>
        <source> MiB whole model</source>
        <translation> MiB do modelo inteiro</translation>
    </message>
    <message>
        <source>Size of the whole model</source>
        <translation>Tamanho do modelo inteiro</translation>
    </message>
    <message>
        <source>size</source>
        <translation>tamanho</translation>
    </message>
    <message>
        <source>The same, so that the whole exported model has this size</source>
        <translation>O mesmo, de modo que o modelo exportado inteiro tenha este tamanho</translation>
    </message>
    <message>
        <source>Target size</source>
        <translation>Tamanho alvo</translation>
    </message>
    <message>
        <source>Number format of the factors</source>
        <translation>Formato numérico dos fatores</translation>
    </message>
    <message>
        <source>Numbers that share a scale</source>
        <translation>Números que compartilham uma escala</translation>
    </message>
    <message>
        <source>one scale per slice</source>
        <translation>uma escala por fatia</translation>
    </message>
    <message>
        <source>groups of %1</source>
        <translation>grupos de %1</translation>
    </message>
    <message>
        <source>Factors</source>
        <translation>Fatores</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>sem limite</translation>
    </message>
    <message>
        <source>Smallest side that rules may compress</source>
        <translation>Menor lado que as regras podem comprimir</translation>
    </message>
    <message>
        <source>Rules leave matrices whose smaller side is below this dense</source>
        <translation>As regras deixam densas as matrizes cujo menor lado fica abaixo disto</translation>
    </message>
    <message>
        <source>Smallest side</source>
        <translation>Menor lado</translation>
    </message>
    <message>
        <source>Every layer is dense. Apply a preset or a budget, drag the rank line, or add a rule.</source>
        <translation>Todas as camadas estão densas. Aplique uma predefinição ou um orçamento, arraste a linha do posto, ou adicione uma regra.</translation>
    </message>
    <message>
        <source>%1 set layer by layer; the others by the first rule that matches, else dense.</source>
        <translation>%1 definido(s) camada a camada; as demais pela primeira regra que corresponder, senão densas.</translation>
    </message>
    <message numerus="yes">
        <source>%n rank(s)</source>
        <translation>
            <numerusform>%n posto</numerusform>
            <numerusform>%n postos</numerusform>
        </translation>
    </message>
    <message>
        <source>Presets and budgets</source>
        <translation>Predefinições e orçamentos</translation>
    </message>
    <message>
        <source>Rules</source>
        <translation>Regras</translation>
    </message>
    <message>
        <source>Pages of the plan</source>
        <translation>Páginas do plano</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::PlanTools</name>
    <message>
        <source>This needs all spectra: it will be applied as soon as they are there.</source>
        <translation>Isto requer todos os espectros: será aplicado assim que estiverem prontos.</translation>
    </message>
    <message>
        <source>%1 preset</source>
        <translation>Predefinição %1</translation>
    </message>
    <message>
        <source>%1 preset at %2 %</source>
        <translation>Predefinição %1 a %2 %</translation>
    </message>
    <message>
        <source>%1 preset at rank %2</source>
        <translation>Predefinição %1 no posto %2</translation>
    </message>
    <message>
        <source>Cosine %1 for every layer</source>
        <translation>Cosseno %1 para toda camada</translation>
    </message>
    <message>
        <source>Budget of %1</source>
        <translation>Orçamento de %1</translation>
    </message>
    <message>
        <source>Everything dense</source>
        <translation>Tudo denso</translation>
    </message>
    <message>
        <source>Factors as %1</source>
        <translation>Fatores como %1</translation>
    </message>
    <message>
        <source>Smallest side %1</source>
        <translation>Menor lado %1</translation>
    </message>
    <message numerus="yes">
        <source>Energy %1 for %n layer(s)</source>
        <translation>
            <numerusform>Energia %1 para %n camada</numerusform>
            <numerusform>Energia %1 para %n camadas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Cosine %1 for %n layer(s)</source>
        <translation>
            <numerusform>Cosseno %1 para %n camada</numerusform>
            <numerusform>Cosseno %1 para %n camadas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n layer(s) stay dense: factors of that rank would save nothing there.</source>
        <translation>
            <numerusform>%n camada fica densa: fatores desse posto não poupariam nada nela.</numerusform>
            <numerusform>%n camadas ficam densas: fatores desse posto não poupariam nada nelas.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n layer(s) stay dense: factors that reach the cosine would save nothing there.</source>
        <translation>
            <numerusform>%n camada fica densa: fatores que alcançam o cosseno não poupariam nada nela.</numerusform>
            <numerusform>%n camadas ficam densas: fatores que alcançam o cosseno não poupariam nada nelas.</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 of %2 attention and MLP matrices stay dense: they are worth their bytes.</source>
        <translation>%1 de %2 matrizes de atenção e MLP ficam densas: valem os seus bytes.</translation>
    </message>
    <message>
        <source>Shared by what the advice measured each layer to cost the model.</source>
        <translation>Repartido pelo que cada camada custa ao modelo, como mediu o conselho.</translation>
    </message>
    <message>
        <source>Shared by the energy that the weights keep, which does not say what the model loses: Advise measures that, and budgets then go by it.</source>
        <translation>Repartido pela energia que os pesos conservam, que não diz o que o modelo perde: Aconselhar mede isso, e os orçamentos passam a segui-lo.</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::Preferences</name>
    <message>
        <source>Preferences</source>
        <translation>Preferências</translation>
    </message>
    <message>
        <source>Smallest cosine of %1</source>
        <translation>Menor cosseno de %1</translation>
    </message>
    <message>
        <source>%1 %2 from cosine</source>
        <translation>%1 %2 a partir do cosseno</translation>
    </message>
    <message>
        <source>Factors of a new plan</source>
        <translation>Fatores de um plano novo</translation>
    </message>
    <message>
        <source>all</source>
        <translation>todos</translation>
    </message>
    <message>
        <source>Processor cores to use</source>
        <translation>Núcleos do processador a usar</translation>
    </message>
    <message>
        <source>The bounds must fall from EXCELLENT to POOR.</source>
        <translation>Os limites devem cair de EXCELENTE a RUIM.</translation>
    </message>
    <message>
        <source>MiB (2²⁰ bytes)</source>
        <translation>MiB (2²⁰ bytes)</translation>
    </message>
    <message>
        <source>MB (10⁶ bytes)</source>
        <translation>MB (10⁶ bytes)</translation>
    </message>
    <message>
        <source>Units of sizes</source>
        <translation>Unidades de tamanho</translation>
    </message>
    <message>
        <source> MiB</source>
        <translation> MiB</translation>
    </message>
    <message>
        <source>Cache of spectra</source>
        <translation>Cache de espectros</translation>
    </message>
    <message>
        <source>Spectra of matrices seen before are kept, so that a model opens at once the next time</source>
        <translation>Espectros de matrizes já vistas são guardados, para que um modelo abra logo da próxima vez</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Idioma</translation>
    </message>
    <message>
        <source>System</source>
        <translation>Do sistema</translation>
    </message>
    <message>
        <source>Takes effect at the next start</source>
        <translation>Vale a partir do próximo início</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::RankDelegate</name>
    <message>
        <source>Rank</source>
        <translation>Posto</translation>
    </message>
    <message>
        <source>rank or d</source>
        <translation>posto ou d</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::RankPlot</name>
    <message numerus="yes">
        <source>and %n more</source>
        <translation>
            <numerusform>e mais %n</numerusform>
            <numerusform>e mais %n</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rankscope::ui::RuleListModel</name>
    <message>
        <source>glob</source>
        <translation>glob</translation>
    </message>
    <message>
        <source>regex</source>
        <translation>regex</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 de %2</translation>
    </message>
    <message>
        <source>Type g for a glob over the whole name, r for a regular expression that is searched in it</source>
        <translation>Digite g para um glob sobre o nome inteiro, r para uma expressão regular procurada nele</translation>
    </message>
    <message>
        <source>No layer has such a name</source>
        <translation>Nenhuma camada tem esse nome</translation>
    </message>
    <message numerus="yes">
        <source>and %n more</source>
        <translation>
            <numerusform>e mais %n</numerusform>
            <numerusform>e mais %n</numerusform>
        </translation>
    </message>
    <message>
        <source>Pattern</source>
        <translation>Padrão</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Espécie</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>Ação</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>Camadas</translation>
    </message>
    <message>
        <source>A rank (128), a share (12.5 %), cosine 0.95, energy 0.9, or dense</source>
        <translation>Um posto (128), uma fração (12,5 %), cosseno 0,95, energia 0,9, ou densa</translation>
    </message>
    <message>
        <source>How many layers the rule matches; &quot;3 of 12&quot;: earlier rules take the other nine</source>
        <translation>Quantas camadas a regra casa; &quot;3 de 12&quot;: regras anteriores levam as outras nove</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::RulesPanel</name>
    <message>
        <source>Add rule</source>
        <translation>Adicionar regra</translation>
    </message>
    <message>
        <source>Change rule</source>
        <translation>Alterar regra</translation>
    </message>
    <message>
        <source>Select its layers</source>
        <translation>Selecionar as camadas</translation>
    </message>
    <message>
        <source>Rules, tried from the top</source>
        <translation>Regras, testadas de cima para baixo</translation>
    </message>
    <message>
        <source>Rules, the first that matches decides</source>
        <translation>Regras, decide a primeira que corresponder</translation>
    </message>
    <message>
        <source>Alt with the up and down arrows moves a rule, Delete removes it</source>
        <translation>Alt com as setas para cima e para baixo move uma regra, Delete a remove</translation>
    </message>
    <message>
        <source>Edit rule</source>
        <translation>Editar regra</translation>
    </message>
    <message>
        <source>&quot;%1&quot; is no action: write a rank (128), a share (12.5 %), cosine 0.95, energy 0.9 or dense</source>
        <translation>&quot;%1&quot; não é uma ação: escreva um posto (128), uma fração (12,5 %), cosseno 0,95, energia 0,9 ou densa</translation>
    </message>
    <message>
        <source>Move the rule up</source>
        <translation>Mover a regra para cima</translation>
    </message>
    <message>
        <source>Move the rule down</source>
        <translation>Mover a regra para baixo</translation>
    </message>
    <message>
        <source>Remove the rule</source>
        <translation>Remover a regra</translation>
    </message>
    <message>
        <source>Start from a preset, as rules</source>
        <translation>Partir de uma predefinição, em regras</translation>
    </message>
    <message>
        <source>Load a plan file</source>
        <translation>Carregar um arquivo de plano</translation>
    </message>
    <message>
        <source>Save the plan as a file</source>
        <translation>Salvar o plano em um arquivo</translation>
    </message>
    <message>
        <source>Clear hand-set ranks</source>
        <translation>Limpar postos manuais</translation>
    </message>
    <message>
        <source>Let the rules decide for every layer that is not pinned</source>
        <translation>Deixar as regras decidirem para toda camada que não esteja fixada</translation>
    </message>
    <message>
        <source>Pattern of layer names</source>
        <translation>Padrão de nomes de camadas</translation>
    </message>
    <message>
        <source>A glob must match the whole name: * stands for anything, ? for one character</source>
        <translation>Um glob deve casar o nome inteiro: * vale por qualquer coisa, ? por um caractere</translation>
    </message>
    <message>
        <source>Kind of pattern</source>
        <translation>Espécie de padrão</translation>
    </message>
    <message>
        <source>glob</source>
        <translation>glob</translation>
    </message>
    <message>
        <source>regex</source>
        <translation>regex</translation>
    </message>
    <message>
        <source>What the rule does</source>
        <translation>O que a regra faz</translation>
    </message>
    <message>
        <source>128, 12.5 %, cosine 0.95, energy 0.9 or dense</source>
        <translation>128, 12,5 %, cosseno 0,95, energia 0,9 ou densa</translation>
    </message>
    <message>
        <source>What the rule would change</source>
        <translation>O que a regra mudaria</translation>
    </message>
    <message>
        <source>Pattern</source>
        <translation>Padrão</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>Ação</translation>
    </message>
    <message>
        <source>Write a pattern and an action to see what the rule would change.</source>
        <translation>Escreva um padrão e uma ação para ver o que a regra mudaria.</translation>
    </message>
    <message>
        <source>This is no action: write a rank, a share, a cosine, an energy, or dense.</source>
        <translation>Isto não é uma ação: escreva um posto, uma fração, um cosseno, uma energia ou densa.</translation>
    </message>
    <message numerus="yes">
        <source>Matches %n layer(s).</source>
        <translation>
            <numerusform>Casa %n camada.</numerusform>
            <numerusform>Casa %n camadas.</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 Applied, it would change nothing: ranks set by hand and earlier rules go first.</source>
        <translation>%1 Aplicada, nada mudaria: postos manuais e regras anteriores vêm primeiro.</translation>
    </message>
    <message>
        <source>%1 Applied, it changes %2: %3 → %4.</source>
        <translation>%1 Aplicada, muda %2: %3 → %4.</translation>
    </message>
    <message numerus="yes">
        <source>%n layer(s)</source>
        <translation>
            <numerusform>%n camada</numerusform>
            <numerusform>%n camadas</numerusform>
        </translation>
    </message>
    <message>
        <source>No layer has such a name.</source>
        <translation>Nenhuma camada tem esse nome.</translation>
    </message>
    <message>
        <source>Remove rule</source>
        <translation>Remover regra</translation>
    </message>
    <message>
        <source>Reorder rules</source>
        <translation>Reordenar regras</translation>
    </message>
    <message>
        <source>Rules of the %1 preset</source>
        <translation>Regras da predefinição %1</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::SnapshotsPanel</name>
    <message>
        <source>Snapshot</source>
        <translation>Instantâneo</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Tamanho</translation>
    </message>
    <message>
        <source>Kept</source>
        <translation>Mantido</translation>
    </message>
    <message>
        <source>≈ Mean cosine</source>
        <translation>≈ Cosseno médio</translation>
    </message>
    <message>
        <source>Snapshots of plans</source>
        <translation>Instantâneos de planos</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>Camada</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>Agora</translation>
    </message>
    <message>
        <source>≈ Cosine</source>
        <translation>≈ Cosseno</translation>
    </message>
    <message>
        <source>≈ Now</source>
        <translation>≈ Agora</translation>
    </message>
    <message>
        <source>Layers where the snapshot differs from the plan</source>
        <translation>Camadas em que o instantâneo difere do plano</translation>
    </message>
    <message>
        <source>Keep this plan…</source>
        <translation>Guardar este plano…</translation>
    </message>
    <message>
        <source>Return to it</source>
        <translation>Voltar a ele</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Excluir</translation>
    </message>
    <message>
        <source>Plan %1</source>
        <translation>Plano %1</translation>
    </message>
    <message>
        <source>Keep this plan</source>
        <translation>Guardar este plano</translation>
    </message>
    <message>
        <source>Name:</source>
        <translation>Nome:</translation>
    </message>
    <message>
        <source>needs spectra, or belongs to another model</source>
        <translation>requer espectros, ou pertence a outro modelo</translation>
    </message>
    <message>
        <source>The plan is the same as this snapshot</source>
        <translation>O plano é igual a este instantâneo</translation>
    </message>
    <message>
        <source>Return to &quot;%1&quot;</source>
        <translation>Voltar a &quot;%1&quot;</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::StartPage</name>
    <message>
        <source>Open a model to see its layers</source>
        <translation>Abra um modelo para ver suas camadas</translation>
    </message>
    <message>
        <source>Drop a Hugging Face folder, a .safetensors file or a run file (.h5) anywhere in this window.</source>
        <translation>Solte uma pasta do Hugging Face, um arquivo .safetensors ou um arquivo de execução (.h5) em qualquer lugar desta janela.</translation>
    </message>
    <message>
        <source>Open file…</source>
        <translation>Abrir arquivo…</translation>
    </message>
    <message>
        <source>Open the demo</source>
        <translation>Abrir a demonstração</translation>
    </message>
    <message>
        <source>Recent and cached models</source>
        <translation>Modelos recentes e em cache</translation>
    </message>
    <message>
        <source>Recent</source>
        <translation>Recentes</translation>
    </message>
    <message>
        <source>%1 · %2</source>
        <translation>%1 · %2</translation>
    </message>
    <message>
        <source>no longer at %1</source>
        <translation>não está mais em %1</translation>
    </message>
    <message>
        <source>In the Hugging Face cache</source>
        <translation>No cache do Hugging Face</translation>
    </message>
    <message>
        <source>%1 – %2</source>
        <translation>%1 – %2</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::TotalsBar</name>
    <message>
        <source>Bytes of the whole model&apos;s tensors before and after, scales included; and the same for the attention and MLP matrices alone</source>
        <translation>Bytes dos tensores do modelo inteiro antes e depois, com as escalas; e o mesmo só para as matrizes de atenção e MLP</translation>
    </message>
    <message>
        <source>Layers that get factors, by verdict</source>
        <translation>Camadas que recebem fatores, por veredito</translation>
    </message>
    <message>
        <source>Size before and after</source>
        <translation>Tamanho antes e depois</translation>
    </message>
    <message>
        <source>Mean cosine</source>
        <translation>Cosseno médio</translation>
    </message>
    <message>
        <source>Layers by verdict</source>
        <translation>Camadas por veredito</translation>
    </message>
    <message>
        <source>%1 → &lt;b&gt;%2&lt;/b&gt; · %3 kept (%4 of the linears)</source>
        <translation>%1 → &lt;b&gt;%2&lt;/b&gt; · %3 mantidos (%4 das lineares)</translation>
    </message>
    <message>
        <source>every layer dense</source>
        <translation>todas as camadas densas</translation>
    </message>
    <message>
        <source>mean cosine …</source>
        <translation>cosseno médio …</translation>
    </message>
    <message>
        <source>mean cosine &lt;b&gt;%1%2&lt;/b&gt;</source>
        <translation>cosseno médio &lt;b&gt;%1%2&lt;/b&gt;</translation>
    </message>
    <message>
        <source>%1 dense</source>
        <translation>%1 densas</translation>
    </message>
    <message>
        <source>Predicted cost of the whole plan: KL in nats a token with the range that holds about four plans in five, and perplexity. From an advice&apos;s measurements of single layers.</source>
        <translation>Custo previsto do plano inteiro: KL em nats por token, com a faixa que contém cerca de quatro em cada cinco planos, e perplexidade. A partir das medições de camadas isoladas de um conselho.</translation>
    </message>
    <message>
        <source>Predicted cost</source>
        <translation>Custo previsto</translation>
    </message>
    <message>
        <source>KL ≈ &lt;b&gt;%1&lt;/b&gt; (%2–%3) · perplexity ≈ %4</source>
        <translation>KL ≈ &lt;b&gt;%1&lt;/b&gt; (%2–%3) · perplexidade ≈ %4</translation>
    </message>
    <message>
        <source>beyond what was measured: KL ≈ %1</source>
        <translation>além do que foi medido: KL ≈ %1</translation>
    </message>
    <message>
        <source>Mean cosine of the layers that get factors: measured where there is a measurement, else predicted. What quantised layers and factors fitted to a text keep is known once Compress has measured it.</source>
        <translation>Cosseno médio das camadas que recebem fatores: medido onde há medição, senão previsto. O que camadas quantizadas e fatores ajustados a um texto mantêm se sabe depois que Comprimir o mediu.</translation>
    </message>
    <message>
        <source>mean cosine –</source>
        <translation>cosseno médio –</translation>
    </message>
    <message numerus="yes">
        <source>%n layer(s) larger than before</source>
        <translation>
            <numerusform>%n camada maior que antes</numerusform>
            <numerusform>%n camadas maiores que antes</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rankscope::ui::Tour</name>
    <message>
        <source>Skip</source>
        <translation>Pular</translation>
    </message>
    <message>
        <source>Tour of the window</source>
        <translation>Passeio pela janela</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 de %2</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Pronto</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>Próximo</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::TradeOffPanel</name>
    <message>
        <source>Measure int8 and int4</source>
        <translation>Medir int8 e int4</translation>
    </message>
    <message>
        <source>Quantises the dense linears plainly, without low rank, and measures what that keeps: the reference to beat</source>
        <translation>Quantiza as lineares densas diretamente, sem baixo posto, e mede o que isso mantém: a referência a superar</translation>
    </message>
    <message>
        <source>Waiting for the spectra…</source>
        <translation>Esperando os espectros…</translation>
    </message>
    <message>
        <source>int8 and int4 for comparison</source>
        <translation>int8 e int4 para comparação</translation>
    </message>
    <message>
        <source>Output cosine</source>
        <translation>Cosseno da saída</translation>
    </message>
    <message>
        <source>Quality on the vertical axis</source>
        <translation>Qualidade no eixo vertical</translation>
    </message>
    <message>
        <source>Energy follows from the spectra alone. KL and output cosine are of the whole model: they come with an evaluation (F6) or an advice (F7).</source>
        <translation>A energia decorre só dos espectros. KL e cosseno da saída são do modelo inteiro: vêm com uma avaliação (F6) ou um conselho (F7).</translation>
    </message>
    <message>
        <source>Size against quality</source>
        <translation>Tamanho contra qualidade</translation>
    </message>
    <message>
        <source>Kept energy</source>
        <translation>Energia mantida</translation>
    </message>
    <message>
        <source>KL</source>
        <translation>KL</translation>
    </message>
    <message>
        <source>Plan: %1; evaluate it (F6) to place it</source>
        <translation>Plano: %1; avalie-o (F6) para situá-lo</translation>
    </message>
    <message>
        <source>Plan: %1; nothing predicts its quality here</source>
        <translation>Plano: %1; nada prevê a sua qualidade aqui</translation>
    </message>
    <message>
        <source>Plan: %1, %2 measured</source>
        <translation>Plano: %1, %2 medido</translation>
    </message>
    <message>
        <source>Plan: %1, %2 predicted</source>
        <translation>Plano: %1, %2 previsto</translation>
    </message>
</context>
<context>
    <name>rankscope::ui</name>
    <message>
        <source>Low-rank compression of transformer models: see it, choose it, measure it.</source>
        <translation>Compressão de modelos transformer por baixo posto: veja, escolha, meça.</translation>
    </message>
    <message>
        <source>Hugging Face folder, .safetensors file or run file (.h5)</source>
        <translation>Pasta do Hugging Face, arquivo .safetensors ou arquivo de execução (.h5)</translation>
    </message>
    <message>
        <source>Draw the window with everything computed into FILE and quit</source>
        <translation>Desenha a janela, com tudo calculado, em FILE e encerra</translation>
    </message>
    <message>
        <source>Size of the window</source>
        <translation>Tamanho da janela</translation>
    </message>
    <message>
        <source>light, dark or system</source>
        <translation>light, dark ou system</translation>
    </message>
    <message>
        <source>Begin with a preset: uniform, selective or hybrid</source>
        <translation>Começa com uma predefinição: uniform, selective ou hybrid</translation>
    </message>
    <message>
        <source>Begin with a budget: the share of the linears&apos; bytes to keep</source>
        <translation>Começa com um orçamento: a fração dos bytes das lineares a manter</translation>
    </message>
    <message>
        <source>Compress at once</source>
        <translation>Comprime imediatamente</translation>
    </message>
    <message>
        <source>Open the demo</source>
        <translation>Abrir a demonstração</translation>
    </message>
    <message>
        <source>one model at a time, please</source>
        <translation>um modelo por vez, por favor</translation>
    </message>
    <message>
        <source>--size wants WIDTHxHEIGHT, such as 1280x800</source>
        <translation>--size espera LARGURAxALTURA, como 1280x800</translation>
    </message>
    <message>
        <source>--theme wants light, dark or system</source>
        <translation>--theme espera light, dark ou system</translation>
    </message>
    <message>
        <source>--preset wants uniform, selective or hybrid</source>
        <translation>--preset espera uniform, selective ou hybrid</translation>
    </message>
    <message>
        <source>--keep wants a share such as 0.5</source>
        <translation>--keep espera uma fração, como 0.5</translation>
    </message>
    <message>
        <source>cannot write %1</source>
        <translation>não é possível gravar %1</translation>
    </message>
    <message>
        <source>Export plot</source>
        <translation>Exportar gráfico</translation>
    </message>
    <message>
        <source>plot.png</source>
        <translation>grafico.png</translation>
    </message>
    <message>
        <source>Pictures and data (*.png *.svg *.pdf *.csv)</source>
        <translation>Imagens e dados (*.png *.svg *.pdf *.csv)</translation>
    </message>
    <message>
        <source>%1 could not be written. Choose a folder that you may write to, and .png, .svg, .pdf or .csv.</source>
        <translation>Não foi possível gravar %1. Escolha uma pasta em que você possa gravar, e .png, .svg, .pdf ou .csv.</translation>
    </message>
    <message>
        <source>Picture, data, reset view</source>
        <translation>Imagem, dados, redefinir a vista</translation>
    </message>
    <message>
        <source>Plot menu</source>
        <translation>Menu do gráfico</translation>
    </message>
    <message>
        <source>Copy picture</source>
        <translation>Copiar imagem</translation>
    </message>
    <message>
        <source>Export as PNG, SVG, PDF or CSV…</source>
        <translation>Exportar como PNG, SVG, PDF ou CSV…</translation>
    </message>
    <message>
        <source>Show everything</source>
        <translation>Mostrar tudo</translation>
    </message>
    <message>
        <source>today %1</source>
        <translation>hoje %1</translation>
    </message>
    <message>
        <source>Evaluation</source>
        <translation>Avaliação</translation>
    </message>
    <message>
        <source>Study</source>
        <translation>Estudo</translation>
    </message>
    <message>
        <source>Texts</source>
        <translation>Textos</translation>
    </message>
    <message>
        <source>%1, %2 kept</source>
        <translation>%1, %2 mantidos</translation>
    </message>
    <message>
        <source>KL %1</source>
        <translation>KL %1</translation>
    </message>
    <message>
        <source>running</source>
        <translation>em andamento</translation>
    </message>
    <message>
        <source>stopped before the end</source>
        <translation>interrompida antes do fim</translation>
    </message>
    <message>
        <source>compressed</source>
        <translation>comprimido</translation>
    </message>
    <message>
        <source>original in bf16</source>
        <translation>original em bf16</translation>
    </message>
    <message>
        <source>random factors</source>
        <translation>fatores aleatórios</translation>
    </message>
    <message>
        <source>unrelated text</source>
        <translation>texto sem relação</translation>
    </message>
    <message>
        <source>Perplexity of the original</source>
        <translation>Perplexidade do original</translation>
    </message>
    <message>
        <source>Perplexity</source>
        <translation>Perplexidade</translation>
    </message>
    <message>
        <source>KL mean, nats a token</source>
        <translation>KL média, nats por token</translation>
    </message>
    <message>
        <source>KL median</source>
        <translation>KL mediana</translation>
    </message>
    <message>
        <source>KL 90 %</source>
        <translation>KL 90 %</translation>
    </message>
    <message>
        <source>KL 99 %</source>
        <translation>KL 99 %</translation>
    </message>
    <message>
        <source>KL largest</source>
        <translation>KL máxima</translation>
    </message>
    <message>
        <source>Same likeliest token</source>
        <translation>Mesmo token mais provável</translation>
    </message>
    <message>
        <source>Of the five likeliest</source>
        <translation>Dos cinco mais prováveis</translation>
    </message>
    <message>
        <source>Output cosine, raw</source>
        <translation>Cosseno da saída, bruto</translation>
    </message>
    <message>
        <source>Output cosine, centred</source>
        <translation>Cosseno da saída, centrado</translation>
    </message>
    <message>
        <source>Output error, centred</source>
        <translation>Erro da saída, centrado</translation>
    </message>
    <message>
        <source>Last hidden state, cosine</source>
        <translation>Último estado oculto, cosseno</translation>
    </message>
    <message>
        <source>Last hidden state, error</source>
        <translation>Último estado oculto, erro</translation>
    </message>
    <message>
        <source>original</source>
        <translation>original</translation>
    </message>
    <message>
        <source>compressed, int8 factors</source>
        <translation>comprimido, fatores int8</translation>
    </message>
    <message>
        <source>weights as stored</source>
        <translation>pesos como gravados</translation>
    </message>
    <message>
        <source>resident</source>
        <translation>residente</translation>
    </message>
    <message>
        <source>reading, tokens/s</source>
        <translation>leitura, tokens/s</translation>
    </message>
    <message>
        <source>ratio</source>
        <translation>razão</translation>
    </message>
    <message>
        <source>writing, tokens/s</source>
        <translation>escrita, tokens/s</translation>
    </message>
    <message>
        <source>%1 (rank %2, break-even %3)</source>
        <translation>%1 (posto %2, equilíbrio %3)</translation>
    </message>
    <message>
        <source>Costs more than dense: %1.</source>
        <translation>Custa mais que densa: %1.</translation>
    </message>
    <message>
        <source>behind block</source>
        <translation>após o bloco</translation>
    </message>
    <message>
        <source>hidden cosine</source>
        <translation>cosseno do estado oculto</translation>
    </message>
    <message>
        <source>relative error</source>
        <translation>erro relativo</translation>
    </message>
    <message>
        <source>The text: stories that the demo model never saw in training.</source>
        <translation>O texto: histórias que o modelo de demonstração nunca viu no treino.</translation>
    </message>
    <message>
        <source>The text: %1. A text that the model itself wrote or was trained on flatters its perplexity.</source>
        <translation>O texto: %1. Um texto que o próprio modelo escreveu, ou com o qual foi treinado, favorece a perplexidade.</translation>
    </message>
    <message>
        <source>Against the original, %1 tokens in %2 windows</source>
        <translation>Em comparação com o original, %1 tokens em %2 janelas</translation>
    </message>
    <message>
        <source>Memory and speed, measured by turns</source>
        <translation>Memória e velocidade, medidas alternadamente</translation>
    </message>
    <message>
        <source>By depth</source>
        <translation>Por profundidade</translation>
    </message>
    <message>
        <source>The plan that was measured</source>
        <translation>O plano que foi medido</translation>
    </message>
    <message>
        <source>Output cosine</source>
        <translation>Cosseno da saída</translation>
    </message>
    <message>
        <source>Mean cosine of the logits of both models, position by position. Centred: minus each vector&apos;s mean, which softmax does not see and which a raw cosine rewards.</source>
        <translation>Cosseno médio dos logits dos dois modelos, posição por posição. Centrado: menos a média de cada vetor, que a softmax não vê e que um cosseno bruto premia.</translation>
    </message>
    <message>
        <source>centred %1</source>
        <translation>centrado %1</translation>
    </message>
    <message>
        <source>unrelated text %1 · bf16 %2</source>
        <translation>texto sem relação %1 · bf16 %2</translation>
    </message>
    <message>
        <source>random factors %1</source>
        <translation>fatores aleatórios %1</translation>
    </message>
    <message>
        <source>centred %1 · unrelated %2</source>
        <translation>centrado %1 · sem relação %2</translation>
    </message>
    <message>
        <source>exp of the mean negative log-likelihood a token, original → compressed, with standard errors over the text&apos;s records.</source>
        <translation>exp da média do negativo da log-verossimilhança por token, original → comprimido, com erros padrão sobre os registros do texto.</translation>
    </message>
    <message>
        <source>± %1 → ± %2</source>
        <translation>± %1 → ± %2</translation>
    </message>
    <message>
        <source>%1 the original&apos;s</source>
        <translation>%1 a do original</translation>
    </message>
    <message>
        <source>%1 tokens, %2 records</source>
        <translation>%1 tokens, %2 registros</translation>
    </message>
    <message>
        <source>KL, nats a token</source>
        <translation>KL, nats por token</translation>
    </message>
    <message>
        <source>Kullback–Leibler divergence of the compressed model&apos;s predictions from the original&apos;s: mean over positions. 0 is no change.</source>
        <translation>Divergência de Kullback–Leibler das previsões do modelo comprimido em relação às do original: média sobre as posições. 0 é nenhuma mudança.</translation>
    </message>
    <message>
        <source>median %1 · 90 % %2</source>
        <translation>mediana %1 · 90 % %2</translation>
    </message>
    <message>
        <source>99 % %1 · max %2</source>
        <translation>99 % %1 · máx. %2</translation>
    </message>
    <message>
        <source>bf16 %1</source>
        <translation>bf16 %1</translation>
    </message>
    <message>
        <source>random %1</source>
        <translation>aleatórios %1</translation>
    </message>
    <message>
        <source>Share of positions where both models put the same token first, and the mean share of the original&apos;s five likeliest that are among the compressed model&apos;s five.</source>
        <translation>Parcela das posições em que os dois modelos põem o mesmo token em primeiro lugar, e a parcela média dos cinco mais prováveis do original que estão entre os cinco do comprimido.</translation>
    </message>
    <message>
        <source>of the first five: %1</source>
        <translation>dos cinco primeiros: %1</translation>
    </message>
    <message>
        <source>Size and speed</source>
        <translation>Tamanho e velocidade</translation>
    </message>
    <message>
        <source>Bytes of the weights as stored; tokens a second reading a text (prefill) and writing one (decode), as ratios to the original measured by turns.</source>
        <translation>Bytes dos pesos como gravados; tokens por segundo ao ler um texto (prefill) e ao escrever (decode), como razões em relação ao original, medido alternadamente.</translation>
    </message>
    <message>
        <source>%1 kept</source>
        <translation>%1 mantidos</translation>
    </message>
    <message>
        <source>relative error of the hidden state</source>
        <translation>erro relativo do estado oculto</translation>
    </message>
    <message>
        <source>KL of a position, nats</source>
        <translation>KL de uma posição, nats</translation>
    </message>
    <message>
        <source>share of positions, %</source>
        <translation>parcela das posições, %</translation>
    </message>
    <message>
        <source>positions</source>
        <translation>posições</translation>
    </message>
    <message>
        <source>median %1</source>
        <translation>mediana %1</translation>
    </message>
    <message>
        <source>mean %1</source>
        <translation>média %1</translation>
    </message>
    <message>
        <source>99 % %1</source>
        <translation>99 % %1</translation>
    </message>
    <message>
        <source>N layers compressed together</source>
        <translation>N camadas comprimidas juntas</translation>
    </message>
    <message>
        <source>error of the logits, √(1 − cosine²)</source>
        <translation>erro dos logits, √(1 − cosseno²)</translation>
    </message>
    <message>
        <source>ε/√N: errors average out</source>
        <translation>ε/√N: os erros se cancelam</translation>
    </message>
    <message>
        <source>ε: no worse than one layer</source>
        <translation>ε: não pior que uma camada</translation>
    </message>
    <message>
        <source>ε·√N: independent errors add up</source>
        <translation>ε·√N: erros independentes se somam</translation>
    </message>
    <message>
        <source>each draw</source>
        <translation>cada sorteio</translation>
    </message>
    <message>
        <source>measured, mean</source>
        <translation>medido, média</translation>
    </message>
    <message>
        <source>fit: N^%1 ± %2</source>
        <translation>ajuste: N^%1 ± %2</translation>
    </message>
    <message>
        <source>KL of the layer alone, nats</source>
        <translation>KL da camada sozinha, nats</translation>
    </message>
    <message>
        <source>logit error of the layer alone</source>
        <translation>erro dos logits da camada sozinha</translation>
    </message>
    <message>
        <source>cosine of the weights</source>
        <translation>cosseno dos pesos</translation>
    </message>
    <message>
        <source>cosine of the layer&apos;s outputs</source>
        <translation>cosseno das saídas da camada</translation>
    </message>
    <message>
        <source>Evaluate at once</source>
        <translation>Avaliar imediatamente</translation>
    </message>
    <message>
        <source>Run the aggregation study at once</source>
        <translation>Fazer o estudo da agregação imediatamente</translation>
    </message>
    <message>
        <source>cosine</source>
        <translation>cosseno</translation>
    </message>
    <message>
        <source>energy</source>
        <translation>energia</translation>
    </message>
    <message>
        <source>best with low rank alone, predicted</source>
        <translation>o melhor só com baixo posto, previsto</translation>
    </message>
    <message>
        <source>best quantised with corrections, predicted</source>
        <translation>o melhor quantizado com correções, previsto</translation>
    </message>
    <message>
        <source>kept of the linears&apos; bytes, %</source>
        <translation>mantido dos bytes das lineares, %</translation>
    </message>
    <message>
        <source>the study&apos;s options, measured</source>
        <translation>opções do estudo, medidas</translation>
    </message>
    <message>
        <source>ours, measured</source>
        <translation>as nossas, medidas</translation>
    </message>
    <message>
        <source>recommended</source>
        <translation>recomendado</translation>
    </message>
    <message>
        <source>measured KL, nats a token</source>
        <translation>KL medida, nats por token</translation>
    </message>
    <message>
        <source>predicted KL</source>
        <translation>KL prevista</translation>
    </message>
    <message>
        <source>plans that took no part in the fit</source>
        <translation>planos fora do ajuste</translation>
    </message>
    <message>
        <source>as predicted</source>
        <translation>como previsto</translation>
    </message>
    <message>
        <source>Advise at once</source>
        <translation>Aconselhar imediatamente</translation>
    </message>
    <message>
        <source>Stable rank</source>
        <translation>Posto estável</translation>
    </message>
    <message>
        <source>Eff. rank</source>
        <translation>Posto ef.</translation>
    </message>
    <message>
        <source>Eff. rank σ²</source>
        <translation>Posto ef. σ²</translation>
    </message>
    <message>
        <source>Noise scale</source>
        <translation>Escala do ruído</translation>
    </message>
    <message>
        <source>Noise edge</source>
        <translation>Borda do ruído</translation>
    </message>
    <message>
        <source>Above edge</source>
        <translation>Acima da borda</translation>
    </message>
    <message>
        <source>G–D threshold</source>
        <translation>Limiar G–D</translation>
    </message>
    <message>
        <source>G–D rank</source>
        <translation>Posto G–D</translation>
    </message>
    <message>
        <source>Power law α</source>
        <translation>Lei de potência α</translation>
    </message>
    <message>
        <source>x_min</source>
        <translation>x_mín</translation>
    </message>
    <message>
        <source>KS distance</source>
        <translation>Distância KS</translation>
    </message>
    <message>
        <source>Tail</source>
        <translation>Cauda</translation>
    </message>
    <message>
        <source>Rank for %1</source>
        <translation>Posto para %1</translation>
    </message>
    <message>
        <source>Break-even</source>
        <translation>Equilíbrio</translation>
    </message>
    <message>
        <source>Largest entry</source>
        <translation>Maior elemento</translation>
    </message>
    <message>
        <source>Kurtosis</source>
        <translation>Curtose</translation>
    </message>
    <message>
        <source>‖W‖²_F / σ₁²: how many directions as strong as the first there are</source>
        <translation>‖W‖²_F / σ₁²: quantas direções tão fortes quanto a primeira existem</translation>
    </message>
    <message>
        <source>Effective rank: exp of the entropy of σ / Σσ (Roy &amp; Vetterli 2007)</source>
        <translation>Posto efetivo: exp da entropia de σ / Σσ (Roy e Vetterli, 2007)</translation>
    </message>
    <message>
        <source>Effective rank of the energy: exp of the entropy of σ² / Σσ². Smaller than that of σ, because strong directions count for more.</source>
        <translation>Posto efetivo da energia: exp da entropia de σ² / Σσ². Menor que o de σ, porque as direções fortes contam mais.</translation>
    </message>
    <message>
        <source>s = median σ / √(q·μ), with q the larger side and μ the median of the Marchenko–Pastur law for the shape: the size of independent entries that would have this median. Trained weights need not obey that model.</source>
        <translation>s = mediana σ / √(q·μ), com q o lado maior e μ a mediana da lei de Marchenko–Pastur para a forma: o tamanho de elementos independentes que teriam essa mediana. Pesos treinados não precisam obedecer a esse modelo.</translation>
    </message>
    <message>
        <source>s·(√rows + √columns), with s the noise scale: singular values of pure noise of that strength end here (Marchenko &amp; Pastur 1967)</source>
        <translation>s·(√linhas + √colunas), com s a escala do ruído: os valores singulares de puro ruído dessa intensidade acabam aqui (Marchenko e Pastur, 1967)</translation>
    </message>
    <message>
        <source>How many singular values lie above the noise edge: directions that noise of this strength does not explain</source>
        <translation>Quantos valores singulares ficam acima da borda do ruído: direções que um ruído dessa intensidade não explica</translation>
    </message>
    <message>
        <source>ω(β)·median σ, with β the smaller side over the larger: the best threshold for removing white noise of unknown strength (Gavish &amp; Donoho 2014); ω = 2.858 for a square matrix</source>
        <translation>ω(β)·mediana σ, com β o lado menor sobre o maior: o melhor limiar para remover ruído branco de intensidade desconhecida (Gavish e Donoho, 2014); ω = 2,858 para uma matriz quadrada</translation>
    </message>
    <message>
        <source>How many singular values lie above the Gavish–Donoho threshold. A rank for removing noise, not a target for compression.</source>
        <translation>Quantos valores singulares ficam acima do limiar de Gavish–Donoho. Um posto para tirar ruído, não uma meta de compressão.</translation>
    </message>
    <message>
        <source>Exponent of the power law λ^−α fitted to the tail of λ = σ²: α = 1 + k / Σ ln(λ/x_min) over the k values from x_min on (Clauset, Shalizi &amp; Newman 2009). Small: a heavy tail, few strong directions.</source>
        <translation>Expoente da lei de potência λ^−α ajustada à cauda de λ = σ²: α = 1 + k / Σ ln(λ/x_mín) sobre os k valores a partir de x_mín (Clauset, Shalizi e Newman, 2009). Pequeno: cauda pesada, poucas direções fortes.</translation>
    </message>
    <message>
        <source>Where the power law&apos;s tail begins, in units of σ²: of all candidates the one whose fit is nearest to the values</source>
        <translation>Onde começa a cauda da lei de potência, em unidades de σ²: de todos os candidatos, aquele cujo ajuste fica mais perto dos valores</translation>
    </message>
    <message>
        <source>Kolmogorov–Smirnov: the largest distance between the distribution of the tail and the fitted power law. The smaller, the more the exponent means.</source>
        <translation>Kolmogorov–Smirnov: a maior distância entre a distribuição da cauda e a lei de potência ajustada. Quanto menor, mais o expoente significa.</translation>
    </message>
    <message>
        <source>How many values the power law was fitted to</source>
        <translation>A quantos valores a lei de potência foi ajustada</translation>
    </message>
    <message>
        <source>Smallest rank r at which exact truncation keeps the cosine %1: √(Σ of the first r σ² / Σ of all σ²) ≥ %1</source>
        <translation>Menor posto r em que o truncamento exato mantém o cosseno %1: √(Σ dos primeiros r σ² / Σ de todos os σ²) ≥ %1</translation>
    </message>
    <message>
        <source>rows·columns / (rows + columns): from this rank on two factors are larger than the matrix</source>
        <translation>linhas·colunas / (linhas + colunas): a partir deste posto dois fatores são maiores que a matriz</translation>
    </message>
    <message>
        <source>max |w|: the largest entry by magnitude. Large beside the others, it makes integers coarse.</source>
        <translation>máx |w|: o maior elemento em módulo. Grande ao lado dos outros, torna os inteiros grosseiros.</translation>
    </message>
    <message>
        <source>E(w − mean)⁴ / (E(w − mean)²)² of the entries: 3 for a Gaussian, more where there are outliers, 0 for a constant matrix</source>
        <translation>E(w − média)⁴ / (E(w − média)²)² dos elementos: 3 para uma gaussiana, mais onde há valores extremos, 0 para uma matriz constante</translation>
    </message>
    <message>
        <source>%1 of at most %2</source>
        <translation>%1 de no máximo %2</translation>
    </message>
    <message>
        <source>%1 of %2 above %3</source>
        <translation>%1 de %2 acima de %3</translation>
    </message>
    <message>
        <source>Fewer than ten values are positive, or all are equal: nothing to fit</source>
        <translation>Menos de dez valores são positivos, ou todos são iguais: não há o que ajustar</translation>
    </message>
    <message>
        <source>%1, from the %2 values with σ² ≥ %3; distance %4</source>
        <translation>%1, dos %2 valores com σ² ≥ %3; distância %4</translation>
    </message>
    <message>
        <source>%1, %2 of the full rank: at or above break-even (%3), factors would save nothing</source>
        <translation>%1, %2 do posto máximo: no equilíbrio (%3) ou acima, fatores não poupariam nada</translation>
    </message>
    <message>
        <source>%1, %2 of the full rank; break-even is at %3</source>
        <translation>%1, %2 do posto máximo; o equilíbrio fica em %3</translation>
    </message>
    <message>
        <source>this plan</source>
        <translation>este plano</translation>
    </message>
    <message>
        <source>uniform ranks, predicted</source>
        <translation>postos uniformes, previsto</translation>
    </message>
    <message>
        <source>snapshots</source>
        <translation>instantâneos</translation>
    </message>
    <message>
        <source>evaluated plans</source>
        <translation>planos avaliados</translation>
    </message>
    <message>
        <source>the study&apos;s options</source>
        <translation>opções do estudo</translation>
    </message>
    <message>
        <source>options of the advice</source>
        <translation>opções do conselho</translation>
    </message>
    <message>
        <source>integers alone</source>
        <translation>só inteiros</translation>
    </message>
    <message>
        <source>%1, measured</source>
        <translation>%1, medido</translation>
    </message>
    <message>
        <source>%1, predicted</source>
        <translation>%1, previsto</translation>
    </message>
    <message>
        <source>mean kept energy of the linears</source>
        <translation>energia média mantida das lineares</translation>
    </message>
    <message>
        <source>KL of the whole model, nats a token</source>
        <translation>KL do modelo inteiro, nats por token</translation>
    </message>
    <message>
        <source>output cosine of the whole model</source>
        <translation>cosseno da saída do modelo inteiro</translation>
    </message>
    <message>
        <source>size of the whole model, MiB</source>
        <translation>tamanho do modelo inteiro, MiB</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>medido</translation>
    </message>
    <message>
        <source>predicted</source>
        <translation>previsto</translation>
    </message>
    <message>
        <source>errors average out as ε/√N</source>
        <translation>os erros se cancelam como ε/√N</translation>
    </message>
    <message>
        <source>the error stays that of one layer, ε</source>
        <translation>o erro continua o de uma camada, ε</translation>
    </message>
    <message>
        <source>errors add up like independent noise, as ε·√N</source>
        <translation>os erros se somam como ruído independente, como ε·√N</translation>
    </message>
    <message>
        <source>errors add up in one direction, as ε·N</source>
        <translation>os erros se somam na mesma direção, como ε·N</translation>
    </message>
    <message>
        <source>With N randomly chosen layers compressed together, the error of the logits (sqrt(1 − c²) of their centred cosine c, root of the mean square over the draws) grows as N^%1</source>
        <translation>Com N camadas escolhidas ao acaso e comprimidas juntas, o erro dos logits (sqrt(1 − c²) do seu cosseno centrado c, raiz da média dos quadrados sobre os sorteios) cresce como N^%1</translation>
    </message>
    <message>
        <source>%1, from two points, which fit any law.</source>
        <translation>%1, de dois pontos, que se ajustam a qualquer lei.</translation>
    </message>
    <message>
        <source>%1 ± %2 (95 % interval, %3 points).</source>
        <translation>%1 ± %2 (intervalo de 95 %, %3 pontos).</translation>
    </message>
    <message>
        <source>%1 ± %2 (95 % interval, %3 points below saturation).</source>
        <translation>%1 ± %2 (intervalo de 95 %, %3 pontos abaixo da saturação).</translation>
    </message>
    <message>
        <source>These data cannot tell apart: %1.</source>
        <translation>Estes dados não distinguem: %1.</translation>
    </message>
    <message>
        <source>The one simple law in this interval: %1.</source>
        <translation>A única lei simples neste intervalo: %1.</translation>
    </message>
    <message>
        <source>None of the simple laws lies in it; the nearest: %1.</source>
        <translation>Nenhuma das leis simples está nele; a mais próxima: %1.</translation>
    </message>
    <message>
        <source>Averaging, ε/√N, is ruled out by the fit.</source>
        <translation>O cancelamento, ε/√N, é excluído pelo ajuste.</translation>
    </message>
    <message>
        <source>The fit alone does not rule out averaging, ε/√N.</source>
        <translation>O ajuste sozinho não exclui o cancelamento, ε/√N.</translation>
    </message>
    <message>
        <source>Most of the points lie where the outputs are already unrelated and the error cannot grow, so the exponent says little; a smaller compression would show more.</source>
        <translation>A maioria dos pontos está onde as saídas já não têm relação e o erro não pode crescer; o expoente, portanto, diz pouco: uma compressão menor mostraria mais.</translation>
    </message>
    <message>
        <source>One layer alone costs an error of %1 (root of the mean square). Averaging (ε/√N) would give %2 for all %3, independent noise (ε·√N, at most 1) %4; measured: %5.</source>
        <translation>Uma camada sozinha custa um erro de %1 (raiz da média dos quadrados). O cancelamento (ε/√N) daria %2 para todas as %3, o ruído independente (ε·√N, no máximo 1) %4; medido: %5.</translation>
    </message>
    <message>
        <source>Errors do not average out: every further layer makes the model worse.</source>
        <translation>Os erros não se cancelam: cada camada a mais piora o modelo.</translation>
    </message>
    <message>
        <source>In this run more layers together were no worse than one alone.</source>
        <translation>Nesta execução, mais camadas juntas não foram piores que uma só.</translation>
    </message>
    <message>
        <source>Per layer, the weights&apos; cosine is %1 on average, the cosine of what the layer puts out on this text %2.</source>
        <translation>Por camada, o cosseno dos pesos é %1 em média, o cosseno do que a camada produz neste texto, %2.</translation>
    </message>
    <message>
        <source>Real inputs use the kept directions more than a random input would, which is why a model survives weight cosines that look hopeless.</source>
        <translation>Entradas reais usam as direções mantidas mais do que uma entrada aleatória usaria; por isso um modelo sobrevive a cossenos dos pesos que parecem perdidos.</translation>
    </message>
    <message>
        <source>Real inputs use the lost directions at least as much as a random input would, so the weights&apos; cosine flatters these layers.</source>
        <translation>Entradas reais usam as direções perdidas pelo menos tanto quanto uma entrada aleatória usaria; o cosseno dos pesos, portanto, favorece estas camadas.</translation>
    </message>
    <message>
        <source>Behind the first block the residual stream has a relative error of %1, behind the last one %2: it grows with depth, so later blocks do not repair what earlier ones lost.</source>
        <translation>Após o primeiro bloco o fluxo residual tem um erro relativo de %1, após o último, %2: cresce com a profundidade; os blocos posteriores não reparam o que os anteriores perderam.</translation>
    </message>
    <message>
        <source>Behind the first block the residual stream has a relative error of %1, behind the last one %2: later blocks add more to the stream than they add error.</source>
        <translation>Após o primeiro bloco o fluxo residual tem um erro relativo de %1, após o último, %2: os blocos posteriores acrescentam mais ao fluxo do que erro.</translation>
    </message>
    <message>
        <source>With everything compressed the raw output cosine is %1, centred over the vocabulary %2; softmax sees only the latter. KL is %3 nats a token, perplexity goes from %4 to %5.</source>
        <translation>Com tudo comprimido o cosseno bruto da saída é %1, centrado sobre o vocabulário, %2; a softmax só vê este último. A KL é de %3 nats por token, a perplexidade vai de %4 a %5.</translation>
    </message>
    <message>
        <source>The original study&apos;s own numbers: a cosine of 0.58 is an error of 0.81, not 0.4; an output cosine of 0.875 is an error of 0.48, not 0.08; averaging 0.81 over 24 layers (ε/√24) would have given a cosine of 0.987. Its data never supported averaging.</source>
        <translation>Os números do próprio estudo original: um cosseno de 0,58 é um erro de 0,81, não 0,4; um cosseno da saída de 0,875 é um erro de 0,48, não 0,08; o cancelamento de 0,81 sobre 24 camadas (ε/√24) teria dado um cosseno de 0,987. Os seus dados nunca sustentaram o cancelamento.</translation>
    </message>
    <message>
        <source>Perplexity goes from %1 ± %2 to %3 ± %4 over %5 tokens of %6 records; KL is %7 nats a token, and the likeliest token is the same %8 % of the time.</source>
        <translation>A perplexidade vai de %1 ± %2 a %3 ± %4 em %5 tokens de %6 registros; a KL é de %7 nats por token, e o token mais provável é o mesmo em %8 % das vezes.</translation>
    </message>
    <message>
        <source>KL %1, perplexity %2</source>
        <translation>KL %1, perplexidade %2</translation>
    </message>
    <message>
        <source>plain SVD</source>
        <translation>SVD simples</translation>
    </message>
    <message>
        <source>activation-aware factors</source>
        <translation>fatores cientes das ativações</translation>
    </message>
    <message>
        <source>factors weighted by what the predictions depend on</source>
        <translation>fatores ponderados pelo que pesa nas previsões</translation>
    </message>
    <message>
        <source>as two factors</source>
        <translation>como dois fatores</translation>
    </message>
    <message>
        <source>in %1 with a low-rank correction</source>
        <translation>em %1 com uma correção de baixo posto</translation>
    </message>
    <message>
        <source>in %1</source>
        <translation>em %1</translation>
    </message>
    <message numerus="yes">
        <source>%n layers are stored %1</source>
        <translation>
            <numerusform>%n camada é guardada %1</numerusform>
            <numerusform>%n camadas são guardadas %1</numerusform>
        </translation>
    </message>
    <message>
        <source>In it, %1; everything else (embeddings, norms and the like) stays as it is.</source>
        <translation>Nela, %1; todo o resto (embeddings, normas e afins) fica como está.</translation>
    </message>
    <message>
        <source>Take &quot;%1&quot;: %2.</source>
        <translation>Escolha &quot;%1&quot;: %2.</translation>
    </message>
    <message>
        <source>That is a loss one notices. A larger budget, or training the factors afterwards, would help.</source>
        <translation>É uma perda que se nota. Um orçamento maior, ou treinar os fatores depois, ajudaria.</translation>
    </message>
    <message>
        <source>That is a heavy loss: within this budget the model is no longer what it was. Allow more bytes.</source>
        <translation>É uma perda pesada: dentro deste orçamento o modelo já não é o que era. Permita mais bytes.</translation>
    </message>
    <message>
        <source>Within the same budget, truncating every matrix&apos;s own SVD to the same share of its rank gives %1.</source>
        <translation>Dentro do mesmo orçamento, truncar a SVD de cada matriz na mesma fração do posto dá %1.</translation>
    </message>
    <message>
        <source>The study&apos;s option &quot;%1&quot; (%2) takes %3 and gives %4</source>
        <translation>A opção do estudo &quot;%1&quot; (%2) ocupa %3 e dá %4</translation>
    </message>
    <message>
        <source>%1; at the same size a plan of ours gives %2.</source>
        <translation>%1; no mesmo tamanho, um plano nosso dá %2.</translation>
    </message>
    <message>
        <source>The mean cosine of the weights would have chosen &quot;%1&quot; (%2 against %3), which loses %4 times as much: the cosine of the weights does not say what matters.</source>
        <translation>O cosseno médio dos pesos teria escolhido &quot;%1&quot; (%2 contra %3), que perde %4 vezes mais: o cosseno dos pesos não diz o que importa.</translation>
    </message>
    <message>
        <source>Continuing &quot;%1&quot;, %2 of its 4-grams occurred before (the original: %3).</source>
        <translation>Ao continuar &quot;%1&quot;, %2 dos seus 4-gramas já tinham aparecido (no original: %3).</translation>
    </message>
    <message>
        <source>Factors were fitted to %1 tokens of %2; %3 trials of single layers chose the ranks.</source>
        <translation>Os fatores foram ajustados a %1 tokens de %2; %3 ensaios de camadas isoladas escolheram os postos.</translation>
    </message>
    <message>
        <source>Factors were fitted to %1 tokens of %2, fewer than the widest layer has inputs: give more text; %3 trials of single layers chose the ranks.</source>
        <translation>Os fatores foram ajustados a %1 tokens de %2, menos do que as entradas da camada mais larga: dê mais texto; %3 ensaios de camadas isoladas escolheram os postos.</translation>
    </message>
    <message>
        <source>Every option was measured on %1 tokens of %2 that took no part in that.</source>
        <translation>Cada opção foi medida em %1 tokens de %2 que não participaram disso.</translation>
    </message>
    <message>
        <source>Every option was measured on a part of %1 that took no part in that.</source>
        <translation>Cada opção foi medida em uma parte de %1 que não participou disso.</translation>
    </message>
    <message>
        <source>Predicted and measured KL of %1 random plans differ by %2 (median).</source>
        <translation>As KL prevista e medida de %1 planos aleatórios diferem em %2 (mediana).</translation>
    </message>
    <message>
        <source>plain SVD, the study&apos;s rank doubled: 12.5 % of every matrix&apos;s full rank</source>
        <translation>SVD simples, o posto do estudo dobrado: 12,5 % do posto completo de cada matriz</translation>
    </message>
    <message>
        <source>plain SVD at 6.25 %, MLP and the first and last block left dense</source>
        <translation>SVD simples a 6,25 %, com a MLP, o primeiro e o último bloco densos</translation>
    </message>
    <message>
        <source>plain SVD, ranks by the layer&apos;s name (18.75, 12.5 and 9.375 %), MLP left dense</source>
        <translation>SVD simples, postos pelo nome da camada (18,75, 12,5 e 9,375 %), com a MLP densa</translation>
    </message>
    <message>
        <source>every layer in %1, rounded</source>
        <translation>todas as camadas em %1, arredondadas</translation>
    </message>
    <message>
        <source>for every layer the best of dense, low rank, quantised, and quantised with a low-rank correction</source>
        <translation>para cada camada o melhor entre densa, baixo posto, quantizada, e quantizada com uma correção de baixo posto</translation>
    </message>
    <message>
        <source>%1, ranks by measured sensitivity</source>
        <translation>%1, postos pela sensibilidade medida</translation>
    </message>
    <message>
        <source>%1, the same share of every layer&apos;s rank</source>
        <translation>%1, a mesma fração do posto de cada camada</translation>
    </message>
    <message>
        <source>%1, ranks where they keep the most relative energy</source>
        <translation>%1, postos onde mantêm mais energia relativa</translation>
    </message>
    <message>
        <source>ours at the bytes of %1</source>
        <translation>o nosso com os bytes de %1</translation>
    </message>
    <message>
        <source>%1 of %2 layers are pinned: they stay as they are and count in the bytes</source>
        <translation>%1 de %2 camadas estão fixadas: ficam como estão e contam nos bytes</translation>
    </message>
    <message>
        <source>%1: changes no layer of this model</source>
        <translation>%1: não muda nenhuma camada deste modelo</translation>
    </message>
    <message>
        <source>%1: cannot be made small enough</source>
        <translation>%1: não há como torná-la pequena o bastante</translation>
    </message>
    <message>
        <source>No option so far keeps to the budget.</source>
        <translation>Nenhuma opção até agora cabe no orçamento.</translation>
    </message>
    <message>
        <source>%1; fitted layer after layer on what the compressed model gives it</source>
        <translation>%1; ajustados camada após camada ao que o modelo comprimido lhes dá</translation>
    </message>
    <message>
        <source>layers together</source>
        <translation>camadas em conjunto</translation>
    </message>
    <message>
        <source>checking the prediction</source>
        <translation>conferindo a previsão</translation>
    </message>
    <message>
        <source>%1 times</source>
        <translation>%1 vezes</translation>
    </message>
    <message>
        <source>%1 times (%2 to %3)</source>
        <translation>%1 vezes (%2 a %3)</translation>
    </message>
    <message>
        <source>Here it reads a text %1 and writes one %2 as fast as the original.</source>
        <translation>Neste computador a leitura de um texto é %1 e a escrita %2 tão rápida quanto a do original.</translation>
    </message>
    <message>
        <source>as-small-as-%1</source>
        <translation>do-tamanho-de-%1</translation>
    </message>
    <message>
        <source>%1-sequential</source>
        <translation>%1-sequencial</translation>
    </message>
    <message>
        <source>study-doubled</source>
        <translation>estudo-dobrado</translation>
    </message>
    <message>
        <source>study-selective</source>
        <translation>estudo-seletivo</translation>
    </message>
    <message>
        <source>study-hybrid</source>
        <translation>estudo-híbrido</translation>
    </message>
    <message>
        <source>plain-uniform</source>
        <translation>simples-uniforme</translation>
    </message>
    <message>
        <source>aware-uniform</source>
        <translation>ciente-uniforme</translation>
    </message>
    <message>
        <source>fisher-uniform</source>
        <translation>fisher-uniforme</translation>
    </message>
    <message>
        <source>plain-energy</source>
        <translation>simples-energia</translation>
    </message>
    <message>
        <source>aware-energy</source>
        <translation>ciente-energia</translation>
    </message>
    <message>
        <source>low-rank</source>
        <translation>posto-baixo</translation>
    </message>
    <message>
        <source>mixed</source>
        <translation>misto</translation>
    </message>
    <message>
        <source>Bring a panel to the front: %1</source>
        <translation>Trazer um painel para a frente: %1</translation>
    </message>
    <message>
        <source>there is no panel &quot;%1&quot;; --panel wants one of %2</source>
        <translation>não há painel &quot;%1&quot;; --panel aceita um destes: %2</translation>
    </message>
    <message>
        <source>%1 tokens of %2</source>
        <translation>%1 tokens de %2</translation>
    </message>
    <message>
        <source>The exported model, its tokenizer included, goes from %1 to %2 (%3; its attention and MLP matrices to %4) and perplexity on %9 that nothing was fitted to from %5 to %6; KL is %7 nats a token, and the likeliest token stays the same %8 of the time.</source>
        <translation>O modelo exportado, com o tokenizador, passa de %1 a %2 (%3; suas matrizes de atenção e MLP a %4), e a perplexidade em %9 a que nada foi ajustado, de %5 a %6; a KL é %7 nats por token, e o token mais provável continua o mesmo em %8 das vezes.</translation>
    </message>
    <message>
        <source>calibrating</source>
        <translation>calibrando</translation>
    </message>
    <message>
        <source>curves of the layers</source>
        <translation>curvas das camadas</translation>
    </message>
    <message>
        <source>fitting in order, block %1 of %2</source>
        <translation>ajuste em ordem, bloco %1 de %2</translation>
    </message>
    <message>
        <source>of %1</source>
        <translation>de %1</translation>
    </message>
    <message>
        <source>reads %1</source>
        <translation>lê %1</translation>
    </message>
    <message>
        <source>writes %1</source>
        <translation>escreve %1</translation>
    </message>
</context>
<context>
    <name>rankscope::ui::words</name>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>dense</source>
        <translation>densa</translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation>%1 s</translation>
    </message>
    <message>
        <source>%1 min %2 s</source>
        <translation>%1 min %2 s</translation>
    </message>
    <message>
        <source>%1 h %2 min</source>
        <translation>%1 h %2 min</translation>
    </message>
    <message>
        <source>EXCELLENT</source>
        <translation>EXCELENTE</translation>
    </message>
    <message>
        <source>GOOD</source>
        <translation>BOM</translation>
    </message>
    <message>
        <source>FAIR</source>
        <translation>RAZOÁVEL</translation>
    </message>
    <message>
        <source>POOR</source>
        <translation>RUIM</translation>
    </message>
    <message>
        <source>CRITICAL</source>
        <translation>CRÍTICO</translation>
    </message>
    <message>
        <source>query</source>
        <translation>consulta</translation>
    </message>
    <message>
        <source>key</source>
        <translation>chave</translation>
    </message>
    <message>
        <source>value</source>
        <translation>valor</translation>
    </message>
    <message>
        <source>fused qkv</source>
        <translation>qkv fundida</translation>
    </message>
    <message>
        <source>attention out</source>
        <translation>saída da atenção</translation>
    </message>
    <message>
        <source>MLP up</source>
        <translation>MLP subida</translation>
    </message>
    <message>
        <source>MLP gate</source>
        <translation>MLP porta</translation>
    </message>
    <message>
        <source>MLP down</source>
        <translation>MLP descida</translation>
    </message>
    <message>
        <source>embedding</source>
        <translation>embedding</translation>
    </message>
    <message>
        <source>position</source>
        <translation>posição</translation>
    </message>
    <message>
        <source>head</source>
        <translation>cabeça</translation>
    </message>
    <message>
        <source>pooler</source>
        <translation>pooler</translation>
    </message>
    <message>
        <source>other</source>
        <translation>outra</translation>
    </message>
    <message>
        <source>32-bit float</source>
        <translation>ponto flutuante de 32 bits</translation>
    </message>
    <message>
        <source>16-bit float</source>
        <translation>ponto flutuante de 16 bits</translation>
    </message>
    <message>
        <source>bfloat16</source>
        <translation>bfloat16</translation>
    </message>
    <message>
        <source>8-bit integer</source>
        <translation>inteiro de 8 bits</translation>
    </message>
    <message>
        <source>4-bit integer</source>
        <translation>inteiro de 4 bits</translation>
    </message>
    <message>
        <source>Uniform</source>
        <translation>Uniforme</translation>
    </message>
    <message>
        <source>Selective</source>
        <translation>Seletiva</translation>
    </message>
    <message>
        <source>Hybrid</source>
        <translation>Híbrida</translation>
    </message>
    <message>
        <source>rank %1</source>
        <translation>posto %1</translation>
    </message>
    <message>
        <source>%1 % of full rank</source>
        <translation>%1 % do posto máximo</translation>
    </message>
    <message>
        <source>cosine %1</source>
        <translation>cosseno %1</translation>
    </message>
    <message>
        <source>energy %1</source>
        <translation>energia %1</translation>
    </message>
    <message>
        <source>Was it moved or renamed? Choose File ▸ Open to look for it.</source>
        <translation>Foi movido ou renomeado? Escolha Arquivo ▸ Abrir para procurá-lo.</translation>
    </message>
    <message>
        <source>Check that you may read it.</source>
        <translation>Verifique se você pode lê-lo.</translation>
    </message>
    <message>
        <source>The file may be incomplete: download or copy it again.</source>
        <translation>O arquivo pode estar incompleto: baixe ou copie de novo.</translation>
    </message>
    <message>
        <source>The other layers are not affected.</source>
        <translation>As outras camadas não são afetadas.</translation>
    </message>
    <message>
        <source>Free some space or choose another disk, then try again: what is finished is kept.</source>
        <translation>Libere espaço ou escolha outro disco e tente de novo: o que está concluído é mantido.</translation>
    </message>
    <message>
        <source>Close the other window or program that uses it, then try again.</source>
        <translation>Feche a outra janela ou programa que o usa e tente de novo.</translation>
    </message>
    <message>
        <source>3-bit integer</source>
        <translation>inteiro de 3 bits</translation>
    </message>
    <message>
        <source>Open the model again to work with what it is now; nothing was made of what was read halfway.</source>
        <translation>Abra o modelo outra vez para trabalhar com o que ele é agora; nada do que foi lido pela metade foi aproveitado.</translation>
    </message>
    <message>
        <source>Choose another place, one that you may write to.</source>
        <translation>Escolha outro lugar, em que você possa gravar.</translation>
    </message>
</context>
</TS>
